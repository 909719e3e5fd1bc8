import { SteleError } from "@stele/core/error";
import { equalBytes, fromHex, toHex, utf8 } from "@stele/core/bytes";
import { parseJson } from "@stele/core/json";
import { detached } from "./detached.ts";
import type { CheckContext, Format } from "./format.ts";
import { beginning, JsonScan, type JsonJudge } from "./json-scan.ts";
import { memberOf, readLossless, stringOf, unsignedOf, type Lossless } from "./lossless-json.ts";
import { clip, Findings, type Place } from "./report.ts";

/** As the chain text spells the verdicts. */
const VERDICTS: Readonly<Record<string, string>> = {
  approved: "Approved",
  rejected: "Rejected",
  needs_revision: "NeedsRevision",
};

const UNPROTECTED = [
  "dimension_scores: no hash and no signature covers them",
  "critic_identity: no hash and no signature covers who judged",
  "the end: entries cut off at the end leave no trace",
  "the time: it is what the writer's clock said",
];
const PINNED = "verifying_key_hex: no signature covers it; it was compared with the key you gave";
const UNPINNED =
  "verifying_key_hex, and with it who signed: the key was taken from the file itself, so a whole " +
  "other file with a key of its own looks as good; give the key with --public-key";
/** Without the key so many signatures wait for it: it may stand behind the entries. */
const MAX_PENDING = 1000;
/** In hex; a signature is twice as long. */
const HASH_LENGTH = 64;

/** The signed audit of symbi-runtime's director-critic exchanges. */
export const symbi: Format = {
  name: "symbi",
  keyMember: "verifying_key_hex",
  recognise(untrusted) {
    const text = beginning(untrusted);
    const has = text.includes('"chain_hash"') && text.includes('"critic_assessment_hash"');
    return has ? "its entries have chain_hash and critic_assessment_hash" : undefined;
  },
  scan(context) {
    const findings = new Findings();
    return new JsonScan(context, findings, new SymbiJudge(context, findings));
  },
  map({ bytes }) {
    const node = readLossless(Buffer.from(bytes).toString());
    return {
      type: "review",
      data: {
        directorHash: stringOf(node, "director_output_hash"),
        criticHash: stringOf(node, "critic_assessment_hash"),
        verdict: stringOf(node, "verdict"),
        score: asValue(memberOf(node, "score")!),
        dimensions: asValue(memberOf(node, "dimension_scores")!),
        critic: mappedCritic(memberOf(node, "critic_identity")!),
        iteration: Number(memberOf(node, "iteration")!.text),
        timestamp: stringOf(node, "timestamp"),
      },
    };
  },
};

function mappedCritic(node: Lossless): object {
  if (stringOf(node, "type") === "llm") return { type: "llm", modelId: stringOf(node, "model_id") };
  return { type: "human", userId: stringOf(node, "user_id"), name: stringOf(node, "name") };
}

function asValue(node: Lossless): unknown {
  return parseJson(node.text, { inexactNumbers: "string" }).value;
}

const STRINGS = [
  "entry_id",
  "director_output_hash",
  "critic_assessment_hash",
  "verdict",
  "timestamp",
  "chain_hash",
  "signature",
] as const;

/** That the signature is over the hash. */
interface Claim {
  readonly hash: string;
  readonly signature: string;
  readonly place: Place;
}

class SymbiJudge implements JsonJudge {
  readonly format = "symbi";
  readonly lacks: JsonJudge["lacks"] = symbiLacks;
  readonly #context: CheckContext;
  readonly #findings: Findings;
  #previous: string | undefined;
  #stated: Uint8Array | undefined;
  /** Signatures that wait for the key, which may stand behind the entries. */
  #pending: Claim[] = [];
  /** Whether there were more of them than are kept. */
  #hasDropped = false;

  constructor(context: CheckContext, findings: Findings) {
    this.#context = context;
    this.#findings = findings;
    this.#stated = ed25519Key(context.statedKey);
    this.#previous = context.primitives.sha256(utf8("genesis"));
  }

  entry(node: Lossless, place: Place): string {
    const stated = stringOf(node, "chain_hash")!;
    if (this.#previous !== undefined) {
      const expected = this.#context.primitives.sha256(utf8(this.#previous + symbiText(node)));
      if (expected !== stated) {
        const message =
          "chain_hash is not that of the entry and the one before: changed, or entries are " +
          "missing, repeated or out of order";
        this.#findings.add("hash-mismatch", place, message, { expected, found: clip(stated) });
      }
    }
    this.#previous = stated;
    const claim = { hash: stated, signature: stringOf(node, "signature")!, place };
    if (this.#key) this.#judgeSignature(claim, this.#key);
    else this.#wait(claim);
    return stated;
  }

  skip(): void {
    this.#previous = undefined;
  }

  member(name: string, value: Lossless, place: Place): void {
    if (name !== symbi.keyMember) return;
    const text = value.kind === "string" ? value.value : value.text;
    const stated = ed25519Key(text);
    const { publicKey } = this.#context;
    if (publicKey && (!stated || !equalBytes(stated, publicKey))) {
      const message = "the file names another key than the one that was given";
      const differ = { expected: toHex(publicKey), found: clip(text) };
      this.#findings.add("key-differs", place, message, differ);
    }
    this.#stated ??= stated;
    this.#judgePending();
  }

  end(): ReturnType<JsonJudge["end"]> {
    const keyed = this.#context.publicKey !== undefined;
    this.#judgePending();
    // What is wrong otherwise is told, key or not.
    const isUnchecked = this.#hasDropped || this.#pending.length > 0;
    if (isUnchecked && this.#findings.count === 0) throw noKey(this.#hasDropped);
    return { keyed, unprotected: [...UNPROTECTED, keyed ? PINNED : UNPINNED] };
  }

  /** What cannot be right need not wait, and would fill the memory. */
  #wait(claim: Claim): void {
    const { hash, signature, place } = claim;
    if (hash.length > HASH_LENGTH || signature.length > 2 * HASH_LENGTH) this.#addWrong(claim);
    else if (this.#pending.length === MAX_PENDING) this.#hasDropped = true;
    else {
      this.#pending.push({ hash: detached(hash), signature: detached(signature), place });
    }
  }

  get #key(): Uint8Array | undefined {
    return this.#context.publicKey ?? this.#stated;
  }

  #judgePending(): void {
    const key = this.#key;
    if (!key) return;
    for (const claim of this.#pending) this.#judgeSignature(claim, key);
    this.#pending = [];
  }

  #judgeSignature(claim: Claim, key: Uint8Array): void {
    const signature = fromHex(claim.signature);
    const isSigned =
      key.length === 32 &&
      signature?.length === 64 &&
      this.#context.primitives.verify(key, utf8(claim.hash), signature);
    if (!isSigned) this.#addWrong(claim);
  }

  #addWrong({ place, signature }: Claim): void {
    const message = "the signature over chain_hash is not the key's";
    this.#findings.add("signature-wrong", place, message, { found: clip(signature) });
  }
}

/** Without signatures a chain is worth nothing: anybody can compute it anew. */
function noKey(isTooLate: boolean): SteleError {
  const where = isTooLate ? ` in front of entry ${MAX_PENDING}` : "";
  const what = `the file names no Ed25519 key${where}, 64 hex digits`;
  const message = `the signatures cannot be checked: ${what}`;
  return new SteleError("KEY_MISSING", message, { fix: "give the key: --public-key HEX" });
}

function ed25519Key(hex: string | undefined): Uint8Array | undefined {
  const key = hex === undefined ? undefined : fromHex(hex.toLowerCase());
  return key?.length === 32 ? key : undefined;
}

/** What the chain hash is computed over, behind the hash before. */
export function symbiText(node: Lossless): string {
  return [
    stringOf(node, "entry_id"),
    stringOf(node, "director_output_hash"),
    stringOf(node, "critic_assessment_hash"),
    VERDICTS[stringOf(node, "verdict")!],
    rustDouble(Number(memberOf(node, "score")!.text)),
    stringOf(node, "timestamp")!.replace(/Z$/, "+00:00"),
    memberOf(node, "iteration")!.text,
  ].join("|");
}

/**
 * A double as Rust's `{}` prints it: the shortest digits that round-trip, never an exponent, and
 * `-0` for the negative zero.
 */
function rustDouble(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const [, sign = "", digits = "", fraction = "", power] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  if (power === undefined) return String(value);
  const all = digits + fraction;
  const point = digits.length + Number(power);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${all}`;
  return point >= all.length
    ? sign + all + "0".repeat(point - all.length)
    : `${sign}${all.slice(0, point)}.${all.slice(point)}`;
}

/** What an object lacks to be an entry of symbi; undefined when it lacks nothing. */
export function symbiLacks(node: Lossless): string | undefined {
  const text = STRINGS.find((name) => stringOf(node, name) === undefined);
  if (text !== undefined) return `${text}, a string`;
  if (!Object.hasOwn(VERDICTS, stringOf(node, "verdict")!)) return "a verdict that symbi knows";
  if (memberOf(node, "score")?.kind !== "number") return "score, a number";
  if (unsignedOf(node, "iteration", 32) === undefined) return "iteration, an unsigned integer";
  if (memberOf(node, "critic_identity")?.kind !== "object") return "critic_identity, an object";
  const scores = memberOf(node, "dimension_scores");
  return scores?.kind === "object" ? undefined : "dimension_scores, an object";
}
