import { utf8 } from "@stele/core/bytes";
import { fromWhole } from "@stele/core/whole-number";
import type { CheckContext, Format } from "./format.ts";
import { beginning, JsonScan, type JsonJudge } from "./json-scan.ts";
import { memberOf, readLossless, stringOf, unsignedOf, type Lossless } from "./lossless-json.ts";
import { clip, Findings, type Place } from "./report.ts";

const ZERO_HASH = "0".repeat(64);

const BOUNDARIES =
  "where one field ends and the next begins: tool_name, server_id and agent_id are hashed " +
  "without their lengths, so that letters can move from one into the next";
const BEGINNING =
  "the beginning: old entries are evicted by design, so entries cut off there look the same";
const UNPROTECTED = [
  "the end: entries cut off at the end leave no trace",
  "session_id: no hash covers it",
  "everything: there is no key, so whoever can write the file can compute all hashes anew",
];

/**
 * The session journal of chio-http-session 0.1, as a JSON document with `entries`. 0.1.2 hashes
 * every text behind its length, and evicts old entries.
 */
export const chio: Format = {
  name: "chio",
  recognise(untrusted) {
    const text = beginning(untrusted);
    const has = text.includes('"prev_hash"') && text.includes('"delegation_depth"');
    return has ? "its entries have prev_hash and delegation_depth" : undefined;
  },
  scan(context) {
    const findings = new Findings();
    return new JsonScan(context, findings, new ChioJudge(context, findings));
  },
  map({ bytes }, stated = {}) {
    const node = readLossless(Buffer.from(bytes).toString());
    const { session_id: session } = stated;
    return {
      type: "tool.call",
      ...(session === undefined ? {} : { session }),
      agent: stringOf(node, "agent_id")!,
      data: {
        tool: stringOf(node, "tool_name"),
        server: stringOf(node, "server_id"),
        delegationDepth: fromWhole(unsignedOf(node, "delegation_depth", 32)!),
        bytesRead: fromWhole(unsignedOf(node, "bytes_read", 64)!),
        bytesWritten: fromWhole(unsignedOf(node, "bytes_written", 64)!),
        allowed: memberOf(node, "allowed")?.text === "true",
        timestampSeconds: fromWhole(unsignedOf(node, "timestamp_secs", 64)!),
      },
    };
  },
};

const STRINGS = ["prev_hash", "entry_hash", "tool_name", "server_id", "agent_id"] as const;
const NUMBERS = ["sequence", "timestamp_secs", "bytes_read", "bytes_written"] as const;

class ChioJudge implements JsonJudge {
  readonly format = "chio";
  readonly lacks: JsonJudge["lacks"] = chioLacks;
  readonly #context: CheckContext;
  readonly #findings: Findings;
  #previous: string | undefined = ZERO_HASH;
  #sequence = 0n;
  #isFirst = true;
  /** Whether texts are hashed behind their lengths: the first hash that fits one way tells. */
  #hasLengths: boolean | undefined;

  constructor(context: CheckContext, findings: Findings) {
    this.#context = context;
    this.#findings = findings;
  }

  entry(node: Lossless, place: Place): string {
    const sequence = unsignedOf(node, "sequence", 64)!;
    const previous = stringOf(node, "prev_hash")!;
    const stated = stringOf(node, "entry_hash")!;
    const expected = this.#hash(node, stated);
    if (this.#isFirst && this.#hasLengths && sequence > 0n) {
      this.#findings.note("the first entry has some before it: they were evicted or cut");
      this.#sequence = sequence;
      this.#previous = undefined;
    }
    this.#isFirst = false;
    if (sequence !== this.#sequence) {
      const differ = { expected: String(this.#sequence), found: String(sequence) };
      const code = sequence > this.#sequence ? "entries-missing" : "entry-repeated";
      this.#findings.add(code, place, "this is not the next sequence", differ);
    }
    if (this.#previous !== undefined && previous !== this.#previous) {
      const differ = { expected: clip(this.#previous), found: clip(previous) };
      const message = "prev_hash is not the hash of the entry before";
      this.#findings.add("chain-broken", place, message, differ);
    }
    if (expected !== stated) {
      const differ = { expected, found: clip(stated) };
      this.#findings.add("hash-mismatch", place, "entry_hash is not that of the entry", differ);
    }
    this.#sequence = sequence + 1n;
    this.#previous = stated;
    return stated;
  }

  skip(): void {
    this.#isFirst = false;
    this.#previous = undefined;
    this.#sequence++;
  }

  member(): void {}

  end(): ReturnType<JsonJudge["end"]> {
    const own = this.#hasLengths ? BEGINNING : BOUNDARIES;
    return { keyed: false, unprotected: [own, ...UNPROTECTED] };
  }

  #hash(node: Lossless, stated: string): string {
    const { sha256 } = this.#context.primitives;
    if (this.#hasLengths !== undefined) return sha256(chioPreimage(node, this.#hasLengths));
    const found = [false, true].find((has) => sha256(chioPreimage(node, has)) === stated);
    this.#hasLengths = found;
    return found === undefined ? sha256(chioPreimage(node, false)) : stated;
  }
}

/** What the entry's hash is computed over. */
export function chioPreimage(node: Lossless, hasLengths: boolean): Uint8Array {
  const text = (name: string): Uint8Array => {
    const bytes = utf8(stringOf(node, name)!);
    return hasLengths ? Buffer.concat([u64(BigInt(bytes.length)), bytes]) : bytes;
  };
  return Buffer.concat([
    integer(node, "sequence"),
    text("prev_hash"),
    integer(node, "timestamp_secs"),
    text("tool_name"),
    text("server_id"),
    text("agent_id"),
    integer(node, "bytes_read"),
    integer(node, "bytes_written"),
    integer(node, "delegation_depth").subarray(0, 4),
    Uint8Array.of(memberOf(node, "allowed")?.text === "true" ? 1 : 0),
  ]);
}

function integer(node: Lossless, name: string): Uint8Array {
  return u64(unsignedOf(node, name, 64)!);
}

function u64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** What an object lacks to be an entry of chio; undefined when it lacks nothing. */
export function chioLacks(node: Lossless): string | undefined {
  const text = STRINGS.find((name) => stringOf(node, name) === undefined);
  if (text !== undefined) return `${text}, a string`;
  const number = NUMBERS.find((name) => unsignedOf(node, name, 64) === undefined);
  if (number !== undefined) return `${number}, an unsigned 64-bit integer`;
  if (unsignedOf(node, "delegation_depth", 32) === undefined) {
    return "delegation_depth, an unsigned 32-bit integer";
  }
  const allowed = memberOf(node, "allowed");
  return allowed?.kind === "word" ? undefined : "allowed, true or false";
}
