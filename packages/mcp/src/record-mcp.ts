import { randomUUID } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import { JournalKeeper } from "./journal-keeper.ts";
import { Outlet } from "./outlet.ts";
import type { RecordingJournal } from "./recording-journal.ts";
import { Relay } from "./relay.ts";
import type { Exit, RunningServer } from "./server-process.ts";
import { exitStatus, failedStartStatus, startServer } from "./server-process.ts";
import type { WhenUnrecordable } from "./session.ts";
import { Session } from "./session.ts";

export interface RecordMcpOptions {
  /** Opens the journal, at the start and again after it has failed. */
  readonly openJournal: () => Promise<RecordingJournal>;
  readonly command: string;
  readonly args: readonly string[];
  /** Goes into every entry, as does the agent. */
  readonly session: string;
  readonly agent?: string;
  readonly whenUnrecordable: WhenUnrecordable;
  /** The client's side. */
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** For the server's standard error, and for what the recorder itself has to say. */
  readonly stderr: Writable;
  /** Emits the signals that the server is to get. */
  readonly signals: Pick<EventEmitter, "on" | "off">;
  readonly clock?: Clock;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** After the server has ended, its output counts as complete when nothing came for so long. */
const QUIET_MS = 500;
/** How long a server may go on after the client is gone before its output is cut off. */
const ORPHAN_MS = 10_000;

/**
 * Starts an MCP server and passes what it and the client say to each other on, unchanged, while
 * recording it (docs/mcp.md). Resolves to the exit status for the recorder: that of the server, or
 * 128 + n if signal n ended it, or 127 or 126 if it cannot be started. Rejects with the journal's
 * error, and starts nothing, when `whenUnrecordable` is `closed` and the journal cannot be opened.
 */
export async function recordMcp(options: RecordMcpOptions): Promise<number> {
  const { openJournal, session: id, agent, clock = systemClock, stderr } = options;
  const log = (line: string): void => void stderr.write(`stele mcp: ${line}\n`);
  const keeper = new JournalKeeper({ openJournal, session: id, agent, clock, log });
  try {
    await keeper.open().catch((error: unknown) => {
      if (options.whenUnrecordable === "closed") throw error;
      log(`the journal cannot be opened; calls pass UNRECORDED until it can`);
    });
    const run = randomUUID();
    let count = 0;
    const session = new Session({
      record: (entry) => keeper.record(entry),
      whenUnrecordable: options.whenUnrecordable,
      newId: () => `${run}-${count++}`,
      clock,
      log,
    });
    return await runServer(options, session, log);
  } finally {
    await keeper.close();
  }
}

async function runServer(
  options: RecordMcpOptions,
  session: Session,
  log: (line: string) => void,
): Promise<number> {
  const { command, args, stderr, signals } = options;
  let server;
  try {
    server = await startServer(command, args, stderr);
  } catch (error) {
    const failure = (error as Error).message;
    log(`the server cannot be started: ${failure}`);
    session.opened({ command, args, pid: undefined });
    await session.closed({ exitCode: null, signal: null, failure });
    return failedStartStatus(error);
  }
  const forward = (signal: NodeJS.Signals): void => server.kill(signal);
  for (const signal of SIGNALS) signals.on(signal, forward);
  try {
    session.opened({ command, args, pid: server.pid });
    const exit = await relayAll(options, session, server);
    await session.closed(exit);
    return exitStatus(exit);
  } finally {
    for (const signal of SIGNALS) signals.off(signal, forward);
  }
}

async function relayAll(
  { stdin, stdout, clock = systemClock }: RecordMcpOptions,
  session: Session,
  server: RunningServer,
): Promise<Exit> {
  const toServer = new Outlet(server.stdin);
  const toClient = new Outlet(stdout);
  const replies = toClient;
  const up = new Relay({ from: "client", source: stdin, outlet: toServer, replies, session });
  const down = new Relay({
    from: "server",
    source: server.stdout,
    outlet: toClient,
    replies,
    session,
  });
  toClient.lost.addEventListener("abort", () => {
    stdin.destroy();
    void clock.delay(ORPHAN_MS).then(() => server.stdout.destroy());
  });
  const relays = Promise.all([up.run().then(() => toServer.end()), down.run()]);
  // A bug in the recorder must not leave a server behind that nobody records.
  relays.catch(() => server.kill("SIGTERM"));
  const exit = await server.exited;
  stdin.destroy();
  void destroyWhenQuiet(server.stdout, down, clock);
  await relays;
  return exit;
}

/** A process that the server started may hold its output open for ever. */
async function destroyWhenQuiet(stdout: Readable, relay: Relay, clock: Clock): Promise<void> {
  for (let chunks = -1; ; chunks = relay.activity.chunks) {
    await clock.delay(QUIET_MS);
    if (!relay.activity.busy && relay.activity.chunks === chunks) break;
  }
  stdout.destroy();
}
