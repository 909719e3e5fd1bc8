import type { Readable, Writable } from "node:stream";
import type { Clock } from "./clock.ts";
import { Outlet } from "./outlet.ts";
import { Relay } from "./relay.ts";
import type { Exit, RunningServer } from "./server-process.ts";
import type { Session } from "./session.ts";

/** The client's ends of the pipes. */
export interface ClientStreams {
  /** What the client says. */
  readonly stdin: Readable;
  /** What it hears. */
  readonly stdout: Writable;
}

/** After the server has ended, its output counts as complete when nothing came for so long. */
const QUIET_MS = 500;
/** How long a server may go on after the client is gone before its output is cut off. */
const ORPHAN_MS = 10_000;

/**
 * Passes everything on between the client and the server until the server has ended and the client
 * has all that it said. The end of the client's input ends the server's. A client that is gone is
 * taken for one that has ended its input.
 */
export async function relayTraffic(
  { stdin, stdout }: ClientStreams,
  server: RunningServer,
  { session, clock }: { readonly session: Session; readonly clock: Clock },
): Promise<Exit> {
  const toServer = new Outlet(server.stdin);
  const toClient = new Outlet(stdout);
  const both = { session, replies: toClient };
  const up = new Relay({ ...both, from: "client", source: stdin, outlet: toServer });
  const down = new Relay({ ...both, from: "server", source: server.stdout, outlet: toClient });
  const over = new AbortController();
  // Also when the server ends.
  toServer.lost.addEventListener("abort", () => {
    stdin.destroy();
  });
  toClient.lost.addEventListener("abort", () => {
    stdin.destroy();
    destroyAfter(clock.delay(ORPHAN_MS, over.signal), server.stdout);
  });
  const relays = Promise.all([up.run().then(async () => toServer.end()), down.run()]);
  // A bug in the recorder must not leave a server behind that nobody records.
  relays.catch(() => {
    server.kill("SIGTERM");
  });
  const exit = await server.exited;
  destroyAfter(quiet(down, clock, over.signal), server.stdout);
  await relays;
  over.abort();
  return exit;
}

/**
 * Waits until nothing has come for a while. A process that the server started may hold its output
 * open for ever.
 */
async function quiet(relay: Relay, clock: Clock, signal: AbortSignal): Promise<void> {
  let seen;
  do {
    seen = relay.chunks;
    await clock.delay(QUIET_MS, signal);
  } while (relay.busy || relay.chunks !== seen);
}

function destroyAfter(delay: Promise<void>, stream: Readable): void {
  delay.then(
    () => stream.destroy(),
    // Aborted: everything is over.
    () => undefined,
  );
}
