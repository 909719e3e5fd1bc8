import { matchesSecret, utf8 } from "@stele/core/bytes";
import { parseJson } from "@stele/core/json";
import type { CheckContext, Format } from "./format.ts";
import { beginning, JsonScan, type JsonJudge } from "./json-scan.ts";
import { KeyedHash } from "./keyed-hash.ts";
import {
  canonicalJson,
  memberOf,
  readLossless,
  stringOf,
  unsignedOf,
  type Lossless,
} from "./lossless-json.ts";
import { clip, Findings, type Place } from "./report.ts";

const ZERO_HASH = "0".repeat(64);
const HASHED = ["event", "id", "level", "message", "metadata", "model", "provider", "timestamp"];

const UNPROTECTED = [
  "integrity.version: no hash covers it",
  "the end: entries cut off at the end leave no trace",
  "the beginning: old entries are evicted by design, so entries cut off there look the same",
  "members that the format does not know: no hash covers them",
];
const UNKEYED =
  "everything: signatures were not checked without the key, and hashes alone can be computed " +
  "anew; the last entry is checked by nothing";
const KEYED = "against whoever checks: the key that checks can also forge";

/** The keyed audit chain of hoosh 1.3: a JSON array, or an object with `entries`. */
export const hoosh: Format = {
  name: "hoosh",
  recognise(untrusted) {
    const text = beginning(untrusted);
    const has = /"integrity"\s*:\s*\{/.test(text) && text.includes('"previous_hash"');
    return has ? "its entries have integrity with a previous_hash" : undefined;
  },
  scan(context) {
    const findings = new Findings();
    return new JsonScan(context, findings, new HooshJudge(context, findings));
  },
  map({ bytes }) {
    const node = readLossless(Buffer.from(bytes).toString());
    const metadata = memberOf(node, "metadata");
    const provider = stringOf(node, "provider");
    const model = stringOf(node, "model");
    return {
      type: "gateway.event",
      data: {
        event: stringOf(node, "event"),
        level: stringOf(node, "level"),
        message: stringOf(node, "message"),
        ...(provider === undefined ? {} : { provider }),
        ...(model === undefined ? {} : { model }),
        ...(metadata?.kind === "object" ? { metadata: asValue(metadata) } : {}),
        timestampMs: memberOf(node, "timestamp")!.text,
      },
    };
  },
};

/** Numbers that no double holds become strings; the record's own bytes keep every digit. */
function asValue(node: Lossless): unknown {
  return parseJson(node.text, { inexactNumbers: "string" }).value;
}

class HooshJudge implements JsonJudge {
  readonly format = "hoosh";
  readonly lacks: JsonJudge["lacks"] = hooshLacks;
  readonly #context: CheckContext;
  readonly #findings: Findings;
  readonly #keyed: KeyedHash | undefined;
  #previous: string | undefined;
  #isFirst = true;

  constructor(context: CheckContext, findings: Findings) {
    this.#context = context;
    this.#findings = findings;
    this.#keyed = context.key && new KeyedHash(context.primitives, context.key);
  }

  entry(node: Lossless, place: Place): string {
    const integrity = memberOf(node, "integrity")!;
    const previous = stringOf(integrity, "previous_hash")!;
    if (this.#isFirst && previous !== ZERO_HASH) {
      this.#findings.note("the first entry has one before it: older entries were evicted or cut");
    }
    if (this.#previous !== undefined && previous !== this.#previous) {
      const differ = { expected: this.#previous, found: clip(previous) };
      const message =
        "previous_hash is not the hash of the entry before: that one was changed, or entries are " +
        "missing, repeated or out of order";
      this.#findings.add("chain-broken", place, message, differ);
    }
    const hash = this.#context.primitives.sha256(utf8(hooshPreimage(node)));
    this.#judgeSignature(`${hash}:${previous}`, stringOf(integrity, "signature")!, place);
    this.#isFirst = false;
    this.#previous = hash;
    return hash;
  }

  skip(): void {
    this.#isFirst = false;
    this.#previous = undefined;
  }

  member(): void {}

  end(): ReturnType<JsonJudge["end"]> {
    const keyed = this.#context.key !== undefined;
    return { keyed, unprotected: [...UNPROTECTED, keyed ? KEYED : UNKEYED] };
  }

  #judgeSignature(signed: string, stated: string, place: Place): void {
    if (!this.#keyed) return;
    const expected = this.#keyed.of(utf8(signed));
    if (stated.length === expected.length && matchesSecret(utf8(stated), 0, expected)) return;
    const message = "the signature is not the key's: changed, or the key is another one";
    // Not what is expected, which is what a forger would need.
    this.#findings.add("signature-wrong", place, message, { found: clip(stated) });
  }
}

/** The canonical text of the present fields, which the entry's hash is computed over. */
export function hooshPreimage(node: Lossless): string {
  const members = HASHED.flatMap((name) => {
    // The writer leaves out what is absent: metadata that is there as null was recorded as null.
    const isThere = name === "metadata" || memberOf(node, name) !== undefined;
    const member = isThere && node.kind === "object" ? node.members.get(name) : undefined;
    return member === undefined ? [] : [`${JSON.stringify(name)}:${canonicalJson(member)}`];
  });
  return `{${members.join(",")}}`;
}

/** What an object lacks to be an entry of hoosh; undefined when it lacks nothing. */
export function hooshLacks(node: Lossless): string | undefined {
  const missing = ["id", "event", "level", "message"].find(
    (name) => stringOf(node, name) === undefined,
  );
  if (missing !== undefined) return `${missing}, a string`;
  if (unsignedOf(node, "timestamp", 64) === undefined) return "timestamp, milliseconds";
  const odd = ["provider", "model"].find((name) => {
    const member = memberOf(node, name);
    return member !== undefined && member.kind !== "string";
  });
  if (odd !== undefined) return `a text as ${odd}`;
  const integrity = memberOf(node, "integrity");
  const part = ["version", "signature", "previous_hash"].find(
    (name) => integrity === undefined || stringOf(integrity, name) === undefined,
  );
  return part === undefined ? undefined : `integrity.${part}, a string`;
}
