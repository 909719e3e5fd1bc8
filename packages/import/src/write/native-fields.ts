import { SteleError } from "@stele/core/error";
import { memberOf, type Lossless } from "../lossless-json.ts";
import type { NativeEntry } from "./record-writer.ts";
import { serdeJson } from "./serde-json.ts";

/** The members of an event's `data`, for a format that wants them in its own form. */
export class NativeFields {
  readonly #entry: NativeEntry;
  readonly #data: Lossless | undefined;

  constructor(entry: NativeEntry) {
    this.#entry = entry;
    this.#data = memberOf(entry.event, "data");
  }

  /** The event's id, or a UUID (version 8) made of the entry's hash. */
  get id(): string {
    const id = memberOf(this.#entry.event, "id");
    if (id?.kind === "string") return id.value;
    const { hash } = this.#entry;
    const variant = "89ab"[Number.parseInt(hash[16]!, 16) % 4];
    const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`];
    return [...parts, `${variant}${hash.slice(17, 20)}`, hash.slice(20, 32)].join("-");
  }

  /** When the entry was recorded, in milliseconds since 1970. */
  get timeMs(): number {
    return Date.parse(this.#entry.time);
  }

  get agent(): string | undefined {
    const agent = memberOf(this.#entry.event, "agent");
    return agent?.kind === "string" ? agent.value : undefined;
  }

  /** The names of the members that are there. */
  names(): readonly string[] {
    return this.#data?.kind === "object" ? [...this.#data.members.keys()] : [];
  }

  member(name: string): Lossless | undefined {
    return this.#data && memberOf(this.#data, name);
  }

  /** The member as a compact JSON text. Throws EXPORT_IMPOSSIBLE when it is not there. */
  json(name: string): string {
    return serdeJson(this.member(name) ?? this.#fail(name, "is missing"));
  }

  text(name: string): string {
    return this.textOr(name) ?? this.#fail(name, "is missing");
  }

  /** The text; undefined when it is not there. */
  textOr(name: string): string | undefined {
    const member = this.member(name);
    if (member === undefined || member.kind === "string") return member?.value;
    return this.#fail(name, "is not a string");
  }

  /** A whole number of so many bits in decimal digits; undefined when it is not there. */
  wholeOr(name: string, bits: 32 | 64): string | undefined {
    const member = this.member(name);
    if (member === undefined) return undefined;
    const digits = digitsOf(member);
    if (digits !== undefined && BigInt(digits) < 1n << BigInt(bits)) return digits;
    return this.#fail(name, `is not a whole number of ${bits} bits`);
  }

  /** Throws EXPORT_IMPOSSIBLE: the member cannot be said in the format. */
  impossible(name: string, why: string): never {
    return this.#fail(name, why);
  }

  #fail(name: string, why: string): never {
    const { seq } = this.#entry;
    throw new SteleError("EXPORT_IMPOSSIBLE", `entry ${seq}: data.${name} ${why}`, { seq });
  }
}

const DIGITS = /^(?:0|[1-9][0-9]{0,19})$/;

function digitsOf(member: Lossless): string | undefined {
  const text = member.kind === "string" ? member.value : member.text;
  if (DIGITS.test(text)) return text;
  const value = member.kind === "number" ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined;
}
