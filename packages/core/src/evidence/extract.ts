import { concatBytes, decodeUtf8, utf8 } from "../bytes.ts";
import { SteleError } from "../error.ts";
import type { Hash } from "../hash.ts";
import { parseKeyChange } from "../key-event.ts";
import type { Primitives } from "../key.ts";
import { checkedHash, leafOfLine } from "../ledger.ts";
import { MAX_TLOG_PROOF_BYTES } from "../tlog-proof.ts";
import { provenPart } from "./check.ts";
import { inPlace, parseEntryProof } from "./entry-proof.ts";
import { parseLeaf, type Leaf } from "./leaf.ts";
import { LineCutter } from "./lines.ts";
import { orReason } from "./reason.ts";
import type { Evidence, ProvenPart, Trust } from "./trust.ts";

// An extract: consecutive entries as they stand in the ledger, byte for byte, with lines between
// them that prove the entry before (spec/proofs.md section 7).

/** A longer line is refused. Escapes do not double a proof: it is base64 but for few letters. */
const MAX_LINE_BYTES = 2 * MAX_TLOG_PROOF_BYTES;
const PROOF_BEGINNING = '{"proof":';

/** The line that proves the entry on the line before it, with its newline. */
export function formatProofLine(proof: string): string {
  return `${JSON.stringify({ proof })}\n`;
}

/**
 * Checks an extract as its bytes come, in memory that does not grow with its entries: a line, and
 * what each proof line showed. Costs a leaf hash an entry, and `checkEntryProof` a proof line.
 */
export class ExtractChecker {
  readonly #primitives: Primitives;
  readonly #trust: Trust;
  readonly #onEntry: (line: string) => void;
  readonly #lines = new LineCutter((line) => this.#check(line));
  readonly #parts: ProvenPart[] = [];
  #number = 0;
  #last: { readonly leaf: Leaf; readonly hash: Hash } | undefined;
  /** The first entry that no proof line vouches for yet. */
  #unproven: number | undefined;
  /** Why the extract proves nothing: the first reason ends the check. */
  #doubt: string | undefined;

  /** `onEntry` gets each entry's line, without its newline, before anything vouches for it. */
  constructor(primitives: Primitives, trust: Trust, onEntry: (line: string) => void = () => {}) {
    this.#primitives = primitives;
    this.#trust = trust;
    this.#onEntry = onEntry;
  }

  /** Takes the next bytes. Throws PROOF_, NOTE_ and CHECKPOINT_MALFORMED, which name the line. */
  push(untrusted: Uint8Array): void {
    if (this.#doubt !== undefined) return;
    this.#lines.push(untrusted);
    if (this.#doubt === undefined && this.#lines.restBytes > MAX_LINE_BYTES) {
      throw this.#malformed("a line is too long");
    }
  }

  /** What the whole extract shows. Throws PROOF_MALFORMED when it breaks off in a line. */
  end(): Evidence {
    if (this.#doubt === undefined && this.#lines.restBytes > 0) {
      throw this.#malformed("the last line has no newline");
    }
    if (this.#unproven !== undefined) this.#doubt ??= `nothing proves entry ${this.#unproven}`;
    if (this.#doubt !== undefined) return { proven: false, reason: this.#doubt };
    const [first] = this.#parts;
    const last = this.#parts.at(-1);
    if (!first || !last) throw this.#malformed("there is no entry");
    const { name: origin } = this.#trust.key;
    return { proven: true, origin, from: first.from, to: last.to, parts: this.#parts };
  }

  #check(line: Uint8Array): void {
    if (this.#doubt !== undefined) return;
    this.#number++;
    const text = decodeUtf8(line);
    if (text === undefined) throw this.#malformed("it is not UTF-8");
    this.#doubt = text.startsWith(PROOF_BEGINNING)
      ? this.#checkProof(text)
      : this.#checkEntry(line, text);
  }

  #checkEntry(bytes: Uint8Array, line: string): string | undefined {
    // A byte in front of the line is lent to the hash.
    const buffer = concatBytes([new Uint8Array(1), bytes]);
    const hash = checkedHash(this.#primitives, buffer, 1, buffer.length);
    const leaf = hash === "malformed" ? undefined : parseLeaf(leafOfLine(line));
    if (!leaf || hash === "malformed") throw this.#malformed("it is no entry of a ledger");
    const { seq, prev } = leaf;
    if (hash === "mismatch") return `the bytes of entry ${seq} do not match its hash`;
    const before = this.#last;
    if (before && seq !== before.leaf.seq + 1) return `entry ${seq} follows ${before.leaf.seq}`;
    if (before && prev !== before.hash) return `entry ${seq} is not linked to the one before it`;
    if (before && this.#unproven !== undefined && this.#changesKey(before.leaf)) {
      return `entry ${before.leaf.seq} ends a key, and no proof follows it`;
    }
    this.#last = { leaf, hash };
    this.#unproven ??= seq;
    this.#onEntry(line);
    return undefined;
  }

  #checkProof(line: string): string | undefined {
    const text = proofOf(line);
    if (text === undefined) throw this.#malformed("it is no proof line");
    const proof = inPlace(`line ${this.#number}`, () => parseEntryProof(utf8(text)));
    if (this.#unproven === undefined) throw this.#malformed("the proof has no entry before it");
    const from = this.#unproven;
    const { seq, text: leaf } = this.#last!.leaf;
    if (proof.leaf.text !== leaf) return `the proof behind entry ${seq} is of another entry`;
    const part = provenPart(this.#primitives, this.#trust, { from, proof });
    if (typeof part === "string") return `the proof behind entry ${seq}: ${part}`;
    this.#parts.push(part);
    this.#unproven = undefined;
    return undefined;
  }

  /** An entry that only looks as if it did counts too. */
  #changesKey({ event }: Leaf): boolean {
    const { name: origin } = this.#trust.key;
    return orReason(() => parseKeyChange(this.#primitives, origin, event)) !== undefined;
  }

  #malformed(reason: string): SteleError {
    const place = this.#number === 0 ? "" : `line ${this.#number}: `;
    return new SteleError("PROOF_MALFORMED", `not an extract: ${place}${reason}`);
  }
}

/** The proof on a proof line in its only spelling. */
function proofOf(line: string): string | undefined {
  try {
    const { proof } = JSON.parse(line) as { readonly proof: unknown };
    return typeof proof === "string" && JSON.stringify({ proof }) === line ? proof : undefined;
  } catch {
    return undefined;
  }
}
