import { detached } from "./detached.ts";

/** Whether a file is what its writer wrote; `torn`: only its last record is incomplete. */
export type OriginVerdict = "intact" | "broken" | "torn";

/** What can be wrong with a file of another system. */
export type FindingCode =
  | "hash-mismatch"
  | "chain-broken"
  | "entries-missing"
  | "entry-repeated"
  | "sequence-wrong"
  | "signature-wrong"
  | "checksum-wrong"
  | "key-differs"
  | "coverage-changed"
  | "segment-missing"
  | "segment-torn"
  | "not-an-entry"
  | "duplicate-member"
  | "not-utf8"
  | "byte-order-mark"
  | "bytes-behind"
  | "torn";

/** Where something is: in text by line, in a binary file by offset. */
export interface Place {
  /** Counts from 1; null in a binary file. */
  readonly line: number | null;
  /** Where the record begins, in bytes from the beginning of the file. */
  readonly offsetBytes: number;
  /** The record's place among those of the file, from 0. */
  readonly index: number;
  /** Where that is among several files. */
  readonly segment?: { readonly name: string; readonly offsetBytes: number };
}

/** One thing that is wrong, in words and for programs. */
export interface Finding extends Place {
  readonly code: FindingCode;
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** What a check of a file of another system found. */
export interface Report {
  readonly format: string;
  readonly verdict: OriginVerdict;
  /** How many records could be read, wrong ones too. */
  readonly entries: number;
  /** The last record's own hash; null where there is none. */
  readonly headHash: string | null;
  /** The first of what is wrong, in the file's order. */
  readonly findings: readonly Finding[];
  /** How many more there are. */
  readonly omittedFindings: number;
  /** Whether a key took part: otherwise whoever can write the file can forge all of it. */
  readonly keyed: boolean;
  readonly sizeBytes: number;
  /** The texts beside the entries that the file states, such as chio's `session_id`. */
  readonly stated: Readonly<Record<string, string>>;
  /** What is unusual about the file, and harmless. */
  readonly notes: readonly string[];
  /** What a change of would not be found, by the format's design, in plain words. */
  readonly unprotected: readonly string[];
}

const KEPT_FINDINGS = 20;

/** What is wrong so far: the first few, and how many. */
export class Findings {
  readonly #kept: Finding[] = [];
  readonly #notes = new Set<string>();
  #count = 0;
  #torn = 0;

  /** `expected` and `found` are shown as they are. */
  add(
    code: FindingCode,
    place: Place,
    message: string,
    differ: { readonly expected?: string; readonly found?: string } = {},
  ): void {
    this.#count++;
    if (code === "torn") this.#torn++;
    if (this.#kept.length === KEPT_FINDINGS) return;
    const { expected = null, found = null } = differ;
    this.#kept.push({ code, message, ...place, expected, found });
  }

  /** Said once, however often it is met. */
  note(text: string): void {
    this.#notes.add(text);
  }

  get count(): number {
    return this.#count;
  }

  get first(): Finding | undefined {
    return this.#kept[0];
  }

  /** The report's part that these findings make. */
  summary(): Pick<Report, "verdict" | "findings" | "omittedFindings" | "notes"> {
    const unlessBroken = this.#torn > 0 ? "torn" : "intact";
    return {
      verdict: this.#count > this.#torn ? "broken" : unlessBroken,
      findings: this.#kept,
      omittedFindings: this.#count - this.#kept.length,
      notes: [...this.#notes],
    };
  }
}

/** The text for a message: not too long, and on its own. */
export function clip(untrusted: string): string {
  const clipped = detached(untrusted.slice(0, 80));
  return untrusted.length > 80 ? `${clipped}…` : clipped;
}
