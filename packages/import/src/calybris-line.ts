import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { readLossless, stringOf, unsignedOf, whyUnread, type Lossless } from "./lossless-json.ts";
import type { FindingCode } from "./report.ts";

/** A line of a calybris log in any layout that its reader accepts. */
export interface CalybrisLine {
  readonly sequence: bigint;
  readonly previousHash: string;
  readonly entryHash: string;
  /** The data's bytes as they stand. */
  readonly data: Uint8Array;
}

/** Why a line is no entry. */
export interface Unreadable {
  readonly problem: string;
  readonly code: FindingCode;
  /** Whether it is whole JSON, so that nothing was cut off. */
  readonly isWhole: boolean;
}

/** Reads one line, without its newline. */
export function readCalybrisLine(untrusted: Uint8Array): CalybrisLine | Unreadable {
  const text = decodeUtf8(untrusted);
  if (text === undefined)
    return { problem: "the line is not UTF-8", code: "not-utf8", isWhole: false };
  let node: Lossless;
  try {
    node = readLossless(text);
  } catch (error) {
    const { code, message } = whyUnread(error);
    return { problem: inLine(message), code, isWhole: code === "duplicate-member" };
  }
  const sequence = unsignedOf(node, "sequence", 64);
  const previousHash = stringOf(node, "previous_hash");
  const entryHash = stringOf(node, "entry_hash");
  const data = node.kind === "object" ? node.members.get("data") : undefined;
  if (sequence === undefined) return lacks("sequence, an unsigned integer");
  if (previousHash === undefined) return lacks("previous_hash, a string");
  if (entryHash === undefined) return lacks("entry_hash, a string");
  if (data === undefined) return lacks("data");
  return { sequence, previousHash, entryHash, data: utf8(data.text) };
}

/** A message about a text of one line, whose line number would mislead. */
function inLine(message: string): string {
  return message.replace(/ at line 1, column/, " at column");
}

function lacks(what: string): Unreadable {
  return { problem: `the entry lacks ${what}`, code: "not-an-entry", isWhole: true };
}
