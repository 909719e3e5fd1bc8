import { SteleError, type ErrorCode } from "@stele/core/error";
import { clip } from "./clip.ts";
import type { Clock } from "./clock.ts";
import { Conversation, type Side } from "./conversation.ts";
import type { Entry } from "./entry.ts";
import { explain } from "./journal-keeper.ts";
import { chomp, MAX_LINE_BYTES } from "./line-splitter.ts";
import { readLine, type Line } from "./message.ts";
import { refusal } from "./refusal.ts";
import {
  closedEntry,
  longLineEntry,
  malformedEntry,
  openedEntry,
  type ServerEnd,
  type ServerProcess,
} from "./session-entries.ts";

/**
 * What happens to a call that cannot be recorded: it is refused, or it passes and leaves a gap in
 * the record.
 */
export type WhenUnrecordable = "closed" | "open";

export interface SessionOptions {
  /** Resolves once the entry is on disk. Called in the order in which things happened. */
  readonly record: (entry: Entry) => Promise<void>;
  readonly whenUnrecordable: WhenUnrecordable;
  /** Makes ids of events: never the same twice, in any session. */
  readonly newId: () => string;
  readonly clock: Clock;
  /** Takes one line for the people who run the recorder. */
  readonly log: (line: string) => void;
}

/** What becomes of a line. */
export interface Passage {
  /** Resolves once all that must be on disk before the line passes is there, or cannot be. */
  readonly decision: Promise<Decision>;
  /** Resolves when all entries about the line are recorded or missed. */
  readonly settled: Promise<unknown>;
}

export interface Decision {
  readonly passes: boolean;
  /** What the client is told instead of an answer; empty when nothing. */
  readonly reply: Buffer;
}

const PASSES: Decision = { passes: true, reply: Buffer.alloc(0) };

/**
 * Says of each line what is recorded and when it passes. Calls, their results, and lines that are
 * not exactly one readable message pass once they are on disk, all others at once. Under `closed`
 * what cannot be recorded does not reach the server, nor does a line that readers could take for
 * different calls. What the server says always passes.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #conversation: Conversation;
  readonly #startedMs: number;
  /** Entries by type, results also by outcome. */
  readonly #counts: Record<string, number> = {};

  constructor(options: SessionOptions) {
    const { newId, clock } = options;
    this.#options = options;
    this.#conversation = new Conversation({ newId, monotonicMs: () => clock.monotonicMs() });
    this.#startedMs = clock.monotonicMs();
  }

  /** Records that the server was started. */
  opened(server: ServerProcess): void {
    const { newId, whenUnrecordable } = this.#options;
    this.#record([openedEntry(newId(), server, whenUnrecordable)]);
  }

  /** Records that the session is over; resolves when that is on disk or missed. */
  async closed(end: ServerEnd): Promise<void> {
    const { newId, clock } = this.#options;
    const durationMs = Math.round(clock.monotonicMs() - this.#startedMs);
    const rest = { ...end, durationMs, counts: this.#counts };
    await this.#record([closedEntry(newId(), this.#conversation, rest)]).settled;
  }

  /** A line of the client, with its newline if it has one. */
  fromClient(bytes: Buffer): Passage {
    const body = chomp(bytes);
    const line = readLine(body);
    if (line.unclear && this.#isClosed()) return this.#refuseUnread(line, line.unclear, body);
    const entries = this.#entries("client", line, body);
    const { gate, settled } = this.#record(entries);
    const decision = gate.then(
      () => this.#passOn(entries),
      (error: unknown) =>
        this.#isClosed() ? this.#refuse(line, entries, error) : this.#passOn(entries),
    );
    return { decision, settled };
  }

  /** A line of the server, with its newline if it has one. */
  fromServer(bytes: Buffer): Passage {
    const body = chomp(bytes);
    const { gate, settled } = this.#record(this.#entries("server", readLine(body), body));
    const decision = gate.then(
      () => PASSES,
      (error: unknown) => {
        this.#options.log(`an answer of the server passes UNRECORDED: ${explain(error)}`);
        return PASSES;
      },
    );
    return { decision, settled };
  }

  /** Whether a line that is too long to be read passes. It could be a call. */
  longLinePasses(from: Side): boolean {
    return from === "server" || !this.#isClosed();
  }

  /** A line that was too long to be read, once all of it has come. */
  longLine(from: Side, size: { readonly sizeBytes: number; readonly sha256: string }): Passage {
    const passed = this.longLinePasses(from);
    const reason = `longer than ${MAX_LINE_BYTES} bytes`;
    const entry = longLineEntry(this.#options.newId(), { from, reason, passed }, size);
    const { settled } = this.#record([entry]);
    const error = new SteleError("CONTENT_TOO_LARGE", `the line is ${reason}`);
    const decision = passed ? PASSES : { passes: false, reply: refusal(undefined, error) };
    return { decision: Promise.resolve(decision), settled };
  }

  #isClosed(): boolean {
    return this.#options.whenUnrecordable === "closed";
  }

  #entries(from: Side, line: Line, body: Buffer): Entry[] {
    const entries = line.messages.flatMap((one) => this.#conversation.read(from, one, body));
    if (line.defect === undefined) return entries;
    const odd = { from, reason: line.defect, passed: true };
    return [malformedEntry(this.#options.newId(), odd, body), ...entries];
  }

  #record(entries: readonly Entry[]): { gate: Promise<void>; settled: Promise<unknown> } {
    for (const { event } of entries) this.#count(event);
    const recorded = entries.map((entry) => this.#options.record(entry));
    const settled = Promise.allSettled(recorded);
    const gating = recorded.filter((_, index) => entries[index]!.gates);
    const gate = Promise.allSettled(gating).then((results) => {
      const failed = results.find((result) => result.status === "rejected");
      if (failed) throw failed.reason;
    });
    return { gate, settled };
  }

  #count({ type, data }: Entry["event"]): void {
    const key = type === "tool.result" ? `${type}.${String(data["outcome"])}` : type;
    this.#counts[key] = (this.#counts[key] ?? 0) + 1;
  }

  #passOn(entries: readonly Entry[]): Decision {
    for (const { request } of entries) {
      const call = request?.exchange.call;
      if (call) call.startedMs = this.#options.clock.monotonicMs();
    }
    return PASSES;
  }

  #refuse(line: Line, entries: readonly Entry[], error: unknown): Decision {
    const reason = error instanceof SteleError ? error.code : clip(String(error));
    this.#record(entries.flatMap((entry) => this.#conversation.refuse(entry, reason) ?? []));
    return { passes: false, reply: refusal(line, error) };
  }

  /** What is asked for is unclear, so nothing is said of it but its bytes. */
  #refuseUnread(line: Line, code: ErrorCode, body: Buffer): Passage {
    const reason = line.defect ?? code;
    const odd = { from: "client", reason, passed: false } as const;
    const { settled } = this.#record([malformedEntry(this.#options.newId(), odd, body)]);
    const reply = refusal(line, new SteleError(code, `the line is ${reason}`));
    return { decision: Promise.resolve({ passes: false, reply }), settled };
  }
}
