import { decodeUtf8 } from "./bytes.ts";
import { isContentName } from "./content.ts";
import { SteleError } from "./error.ts";
import { encodeEvent, type EventText } from "./event.ts";
import { parseJson } from "./json.ts";

// The entries by which a journal says which contents were erased (spec/content.md section 5).

/** Contents of these names, of every entry from one to another, both included. */
export interface ErasedRange {
  readonly from: number;
  readonly to: number;
  readonly names: readonly string[];
}

/** What a `stele.erased` entry says. */
export interface Erasure {
  readonly contents: readonly ErasedRange[];
  readonly reason: string;
  readonly by?: string | undefined;
}

/** As deep as `checkJsonObject` goes. */
const MAX_EVENT_DEPTH = 256;
/** The longest `reason`, in UTF-16 units. */
export const MAX_REASON_LENGTH = 2048;
/** The longest `by`, `subject` and name of a hold, in UTF-16 units. */
export const MAX_WHO_LENGTH = 512;

/** Only an entry whose event begins so, byte for byte, says that contents were erased. */
export function isErasedLine(line: string): boolean {
  return line.includes(ERASED_BEGINNING) && ERASED_LINE.test(line);
}

/** The first bytes of an event that can say so. */
export const ERASED_EVENT_BEGINNING = '{"type":"stele.erased",';
const ERASED_BEGINNING = `,"event":${ERASED_EVENT_BEGINNING}`;
const ERASED_LINE =
  /^\{"seq":[0-9]+,"prev":"[^"]*","time":"[^"]*","event":\{"type":"stele\.erased",/;
/** So that the leaf stays within its limit whatever the names and the reason. */
const MAX_RANGES_BYTES = 40_000;

/** The events that together say what was erased: as many as it takes, each within its limit. */
export function erasedEvents({ contents, reason, by }: Erasure): readonly EventText[] {
  const parts: ErasedRange[][] = [];
  let bytes = Infinity;
  for (const range of contents) {
    const rangeBytes = JSON.stringify(range).length + 1;
    if (bytes + rangeBytes > MAX_RANGES_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(range);
    bytes += rangeBytes;
  }
  const who = by === undefined ? {} : { by };
  return parts.map((part) =>
    encodeEvent({ type: "stele.erased", data: { contents: part, reason, ...who } }),
  );
}

/**
 * What entry `seq`, of which `isErasedLine` holds, says was erased of entries before it; undefined
 * when its data has another form, and so covers nothing.
 */
export function readErasure(seq: number, event: { readonly data?: unknown }): Erasure | undefined {
  if (!isObject(event.data)) return undefined;
  const { contents, reason, by } = event.data;
  if (!Array.isArray(contents) || typeof reason !== "string") return undefined;
  if (by !== undefined && typeof by !== "string") return undefined;
  const ranges = contents as readonly unknown[];
  if (!ranges.every((range) => isErasedRange(range, seq)) || !ascend(ranges)) return undefined;
  return { contents: ranges, reason, by };
}

/**
 * What the event of entry `seq`, which begins as ERASED_EVENT_BEGINNING says, covers, from its
 * bytes; undefined as `readErasure`, and when two readers could take them for different events.
 */
export function parseErasure(seq: number, untrustedEvent: Uint8Array): Erasure | undefined {
  const text = decodeUtf8(untrustedEvent);
  if (text === undefined) return undefined;
  try {
    const { value } = parseJson(text, { inexactNumbers: "string", maxDepth: MAX_EVENT_DEPTH });
    return readErasure(seq, value as { readonly data?: unknown });
  } catch (error) {
    if (error instanceof SteleError) return undefined;
    throw error;
  }
}

function ascend(ranges: readonly ErasedRange[]): boolean {
  return ranges.every(({ from }, index) => index === 0 || ranges[index - 1]!.to < from);
}

/** Whether the erasure names this content. Cost: the logarithm of its ranges. */
export function erases({ contents }: Erasure, seq: number, name: string): boolean {
  return rangeOf(contents, seq)?.names.includes(name) ?? false;
}

/** What a journal's erasures cover, by the entry that says it. */
export class Erasures {
  readonly #bySeq = new Map<number, Erasure>();

  add(seq: number, erasure: Erasure): void {
    this.#bySeq.set(seq, erasure);
  }

  get isEmpty(): boolean {
    return this.#bySeq.size === 0;
  }

  /** Whether the entry `by` says that the content was erased. */
  isBy(by: number, seq: number, name: string): boolean {
    const erasure = this.#bySeq.get(by);
    return erasure !== undefined && erases(erasure, seq, name);
  }

  /** The first entry that says that the content was erased. */
  find(seq: number, name: string): number | undefined {
    for (const [by, erasure] of this.#bySeq) if (erases(erasure, seq, name)) return by;
    return undefined;
  }

  /** Whether contents of the entry are covered. */
  concern(seq: number): boolean {
    return [...this.#bySeq.values()].some(({ contents }) => rangeOf(contents, seq) !== undefined);
  }

  /** Whether something of the entries from `first` up to, not including, `next` is covered. */
  touches(first: number, next: number): boolean {
    return [...this.#bySeq.values()].some(({ contents }) =>
      contents.some(({ from, to }) => from < next && to >= first),
    );
  }
}

/** The range that holds the entry: they ascend and do not overlap. */
function rangeOf(ranges: readonly ErasedRange[], seq: number): ErasedRange | undefined {
  let lo = 0;
  let hi = ranges.length;
  while (lo < hi) {
    const middle = Math.floor((lo + hi) / 2);
    if (ranges[middle]!.from <= seq) lo = middle + 1;
    else hi = middle;
  }
  const found = ranges[lo - 1];
  return found && seq <= found.to ? found : undefined;
}

function isErasedRange(untrusted: unknown, seq: number): untrusted is ErasedRange {
  if (!isObject(untrusted)) return false;
  const { from, to, names } = untrusted;
  const areSeqs = Number.isSafeInteger(from) && Number.isSafeInteger(to);
  if (!areSeqs || Number(from) < 0 || Number(from) > Number(to) || Number(to) >= seq) return false;
  return Array.isArray(names) && names.length > 0 && names.every(isName);
}

function isName(untrusted: unknown): boolean {
  return typeof untrusted === "string" && isContentName(untrusted);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
