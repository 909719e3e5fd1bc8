import { createHash } from "node:crypto";
import { clip } from "./clip.ts";
import { jsonContents, type Contents } from "./entry.ts";
import type { Id } from "./id.ts";
import { paramsOf, type Message } from "./message.ts";

/** What a tools/call says. */
export interface CallRequest {
  readonly tool: string | undefined;
  readonly requestId: Id["recorded"] | undefined;
  /** A hash of the tool's name and the arguments: a retry has that of the call that it repeats. */
  readonly signature: string;
  /** The exact bytes of the arguments, and of the answers that a retry brings. */
  readonly contents: Contents;
}

/** A tools/call that was made. */
export interface Call extends Omit<CallRequest, "contents"> {
  /** The id of its `tool.call` event. */
  readonly id: string;
  /** Monotonic time at which it was passed on; until then, at which it came. */
  startedMs: number;
}

/** Whether the message calls a tool. One without an id does too, though it gets no answer. */
export function isCall({ kind, value }: Message): boolean {
  return (kind === "request" || kind === "notification") && value["method"] === "tools/call";
}

/** Reads a message that `isCall`; the line is the one that it stands in. */
export function readCall(message: Message, line: Buffer): CallRequest {
  const { name } = paramsOf(message) as { name?: unknown };
  const contents = jsonContents(line, message.paramMembers, ["arguments", "inputResponses"]);
  const signature = createHash("sha256")
    .update(`${typeof name === "string" ? JSON.stringify(name) : ""}\n`)
    .update(contents["arguments"]?.bytes ?? "");
  return {
    tool: typeof name === "string" ? clip(name) : undefined,
    requestId: message.id?.recorded,
    signature: signature.digest("hex"),
    contents,
  };
}

/**
 * By what a call and its retry know each other (2026-07-28): the state that the server gave and
 * wants back, or where it gave none, that the call is the same.
 */
export function retryKey(requestState: unknown, signature: string): string {
  return typeof requestState === "string" ? `state ${requestState}` : `call ${signature}`;
}
