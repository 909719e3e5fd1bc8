import { randomUUID } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { Writable } from "node:stream";
import { SteleError } from "@stele/core/error";
import { MAX_REFERENCE_LENGTH } from "@stele/core/event";
import { clip } from "./clip.ts";
import { systemClock, type Clock } from "./clock.ts";
import type { Entry } from "./entry.ts";
import { JournalKeeper } from "./journal-keeper.ts";
import type { RecordingJournal } from "./recording-journal.ts";
import { exitStatus, failedStartStatus, startServer } from "./server-process.ts";
import { Session, type WhenUnrecordable } from "./session.ts";
import { relayTraffic, type ClientStreams } from "./traffic.ts";

/** What surrounds the recorder. */
export interface Surroundings extends ClientStreams {
  /** For the server's standard error and the recorder's own lines. */
  readonly stderr: Writable;
  /** Emits the signals that are for the server. */
  readonly signals: Pick<EventEmitter, "on" | "off">;
  readonly clock: Clock;
}

/** The surroundings are by default this process. */
export interface RecordMcpOptions extends Partial<Surroundings> {
  /** Opens the journal, at the start and again after it has failed. */
  readonly openJournal: () => Promise<RecordingJournal>;
  readonly command: string;
  readonly args: readonly string[];
  /** Goes into every entry, as does the agent: 1 to 512 characters. */
  readonly session: string;
  readonly agent?: string | undefined;
  readonly whenUnrecordable: WhenUnrecordable;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Starts an MCP server and passes on what it and the client say to each other, unchanged, while
 * recording it (docs/mcp.md). Resolves to the exit status for the recorder: the server's, 128 + n
 * if signal n ended it, 127 or 126 if it cannot be started. Rejects with OPTION_INVALID; and with
 * the journal's error, having started nothing, when the journal cannot be opened and
 * `whenUnrecordable` is `closed`.
 */
export async function recordMcp(options: RecordMcpOptions): Promise<number> {
  const { openJournal, session: id, agent, whenUnrecordable } = options;
  checkReference("session", id);
  checkReference("agent", agent);
  const surroundings = { ...thisProcess(), ...options };
  const { clock, stderr } = surroundings;
  const log = (line: string): void => void stderr.write(`stele mcp: ${line}\n`);
  // Nobody hears what the recorder has to say: that must not end the session.
  if (stderr.listenerCount("error") === 0) stderr.on("error", () => undefined);
  const keeper = new JournalKeeper({ openJournal, session: id, agent, clock, log });
  try {
    await keeper.open().catch((error: unknown) => {
      if (whenUnrecordable === "closed") throw error;
    });
    const record = async (entry: Entry): Promise<void> => keeper.record(entry);
    const session = new Session({ record, whenUnrecordable, newId: uniqueIds(), clock, log });
    return await runServer(options, { ...surroundings, session, log });
  } finally {
    await keeper.close();
  }
}

async function runServer(
  { command, args }: RecordMcpOptions,
  context: Surroundings & { readonly session: Session; readonly log: (line: string) => void },
): Promise<number> {
  const { session, log, signals, stderr } = context;
  let server;
  try {
    server = await startServer(command, args, stderr);
  } catch (error) {
    const failure = (error as Error).message;
    log(`the server cannot be started: ${failure}; check the command behind --`);
    session.opened({ command, args, pid: undefined });
    await session.closed({ exitCode: null, signal: null, failure: clip(failure) });
    return failedStartStatus(error);
  }
  const { kill, pid } = server;
  for (const signal of SIGNALS) signals.on(signal, kill);
  try {
    session.opened({ command, args, pid });
    const exit = await relayTraffic(context, server, context);
    await session.closed(exit);
    return exitStatus(exit);
  } finally {
    for (const signal of SIGNALS) signals.off(signal, kill);
  }
}

/** Ids that are never the same twice: in any session, whatever it is called. */
function uniqueIds(): () => string {
  const run = randomUUID();
  let count = 0;
  return () => `${run}-${count++}`;
}

function thisProcess(): Surroundings {
  const { stdin, stdout, stderr } = process;
  return { stdin, stdout, stderr, signals: process, clock: systemClock };
}

function checkReference(name: string, value: string | undefined): void {
  if (value === undefined || (value.length > 0 && value.length <= MAX_REFERENCE_LENGTH)) return;
  const limits = `1 to ${MAX_REFERENCE_LENGTH} characters`;
  throw new SteleError("OPTION_INVALID", `the ${name} may have ${limits}, not ${value.length}`);
}
