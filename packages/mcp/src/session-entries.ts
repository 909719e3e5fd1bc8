import { createHash } from "node:crypto";
import { clip } from "./clip.ts";
import type { Conversation, Side } from "./conversation.ts";
import type { Entry } from "./entry.ts";

/**
 * How many unanswered calls a closing entry names at most, so that it stays far below the size
 * limit of an event.
 */
const MAX_NAMED = 100;

/** The process that is the server. */
export interface ServerProcess {
  readonly command: string;
  readonly args: readonly string[];
  readonly pid: number | undefined;
}

/** How the server's process ended. */
export interface ServerEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Why it never ran. */
  readonly failure?: string;
}

/** A line that is not exactly one readable message. */
export interface OddLine {
  readonly from: Side;
  readonly reason: string;
  /** Whether the other side got it. */
  readonly passed: boolean;
}

/** `mcp.opened`. The command line is content, because it can hold secrets. */
export function openedEntry(id: string, server: ServerProcess, whenUnrecordable: string): Entry {
  const { command, args, pid } = server;
  const bytes = Buffer.from(JSON.stringify([command, ...args]));
  return {
    event: { type: "mcp.opened", id, data: { command: clip(command), pid, whenUnrecordable } },
    content: { commandLine: { bytes, mediaType: "application/json" } },
    gates: false,
  };
}

/** `mcp.closed`: how the server ended, who talked, how much, and which calls never got a result. */
export function closedEntry(
  id: string,
  conversation: Conversation,
  rest: ServerEnd & { readonly durationMs: number; readonly counts: object },
): Entry {
  const calls = conversation.unanswered().map((call) => call.id);
  const unanswered = { count: calls.length, calls: calls.slice(0, MAX_NAMED) };
  const data = { ...rest, ...conversation.peers, unanswered };
  return { event: { type: "mcp.closed", id, data }, gates: false };
}

/** `mcp.malformed`, with the line's bytes. `body` is the line without its newline. */
export function malformedEntry(id: string, line: OddLine, body: Buffer): Entry {
  const sha256 = createHash("sha256").update(body).digest("hex");
  return {
    ...longLineEntry(id, line, { sizeBytes: body.length, sha256 }),
    content: { line: { bytes: body, mediaType: "application/octet-stream" } },
    gates: true,
  };
}

/**
 * `mcp.malformed` for a line that was too long to keep: only its size and its SHA-256, in
 * lower-case hex.
 */
export function longLineEntry(
  id: string,
  line: OddLine,
  size: { readonly sizeBytes: number; readonly sha256: string },
): Entry {
  return { event: { type: "mcp.malformed", id, data: { ...line, ...size } }, gates: false };
}
