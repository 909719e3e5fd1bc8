import { SteleError } from "@stele/core/error";
import { parseJson } from "@stele/core/json";
import type { FindingCode } from "./report.ts";

/** A JSON value that remembers how it was written: `2.0` and 64-bit integers stay what they are. */
export type Lossless =
  | { readonly kind: "object"; readonly text: string; readonly members: Map<string, Lossless> }
  | { readonly kind: "array"; readonly text: string; readonly items: readonly Lossless[] }
  | { readonly kind: "string"; readonly text: string; readonly value: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "word"; readonly text: string };

/**
 * Reads a JSON text strictly, every token kept as it stands. Throws as `parseJson` does, except
 * that no number is refused.
 */
export function readLossless(untrusted: string): Lossless {
  parseJson(untrusted, { inexactNumbers: "string" });
  return new LosslessReader(untrusted).value();
}

/** What `readLossless` threw, as a finding. */
export function whyUnread(error: unknown): {
  readonly code: FindingCode;
  readonly message: string;
} {
  const { message } = error as Error;
  const isDuplicate = error instanceof SteleError && error.code === "JSON_DUPLICATE_KEY";
  if (!isDuplicate) return { code: "not-an-entry", message: `not JSON: ${message}` };
  return { code: "duplicate-member", message: `readers differ on which one counts: ${message}` };
}

/**
 * The compact text with members sorted by code points at every depth, as serde_json writes a sorted
 * map: numbers as they were written, strings in their shortest escapes.
 */
export function canonicalJson(node: Lossless): string {
  if (node.kind === "object") {
    const names = [...node.members.keys()].toSorted(byCodePoints);
    const members = names.map(
      (name) => `${JSON.stringify(name)}:${canonicalJson(node.members.get(name)!)}`,
    );
    return `{${members.join(",")}}`;
  }
  if (node.kind === "array") return `[${node.items.map(canonicalJson).join(",")}]`;
  return node.kind === "string" ? JSON.stringify(node.value) : node.text;
}

/** The member, unless it is absent or null. */
export function memberOf(node: Lossless, name: string): Lossless | undefined {
  const member = node.kind === "object" ? node.members.get(name) : undefined;
  return member?.text === "null" ? undefined : member;
}

/** The member's text, if it is a string. */
export function stringOf(node: Lossless, name: string): string | undefined {
  const member = memberOf(node, name);
  return member?.kind === "string" ? member.value : undefined;
}

/** The member as an unsigned integer of that many bits, if it is one. */
export function unsignedOf(node: Lossless, name: string, bits: 32 | 64): bigint | undefined {
  const member = memberOf(node, name);
  if (member?.kind !== "number" || !/^(?:0|[1-9][0-9]{0,19})$/.test(member.text)) return undefined;
  const value = BigInt(member.text);
  return value < 1n << BigInt(bits) ? value : undefined;
}

/** Sorted as UTF-8 sorts, which UTF-16 does not beyond U+FFFF. */
function byCodePoints(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** Reads a text that is known to be JSON. */
class LosslessReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Lossless {
    this.#skipSpace();
    const start = this.#at;
    const first = this.#text[start];
    if (first === "{") return this.#object(start);
    if (first === "[") return this.#array(start);
    if (first === '"') {
      const value = this.#string();
      return { kind: "string", text: this.#text.slice(start, this.#at), value };
    }
    SCALAR.lastIndex = start;
    const [text = ""] = SCALAR.exec(this.#text) ?? [];
    this.#at = start + text.length;
    return { kind: /^[tfn]/.test(text) ? "word" : "number", text };
  }

  #object(start: number): Lossless {
    const members = new Map<string, Lossless>();
    this.#at++;
    while (this.#skipSpace() !== "}") {
      if (this.#text[this.#at] === ",") this.#at++;
      this.#skipSpace();
      const name = this.#string();
      this.#skipSpace();
      this.#at++;
      members.set(name, this.value());
    }
    this.#at++;
    return { kind: "object", text: this.#text.slice(start, this.#at), members };
  }

  #array(start: number): Lossless {
    const items: Lossless[] = [];
    this.#at++;
    while (this.#skipSpace() !== "]") {
      if (this.#text[this.#at] === ",") this.#at++;
      items.push(this.value());
    }
    this.#at++;
    return { kind: "array", text: this.#text.slice(start, this.#at), items };
  }

  /** No pattern: one with a repeated alternative fills its stack on texts of some megabytes. */
  #string(): string {
    const start = this.#at;
    let at = start + 1;
    while (this.#text[at] !== '"') at += this.#text[at] === "\\" ? 2 : 1;
    this.#at = at + 1;
    const text = this.#text.slice(start, this.#at);
    return text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
  }

  #skipSpace(): string | undefined {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
    return this.#text[this.#at];
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

const SCALAR = /[^,\]}\s]+/y;
