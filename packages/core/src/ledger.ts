import { decodeUtf8, matchesAscii } from "./bytes.ts";
import { formatCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { SteleError } from "./error.ts";
import type { RecordedEvent } from "./event.ts";
import { frontierLength } from "./frontier.ts";
import { isHash, LEAF_PREFIX, type Hash, type Hasher } from "./hash.ts";
import { isKeyName, type VerifierKey } from "./key.ts";
import { formatSignatureLine } from "./note.ts";

// The lines of a ledger segment, as spec/ledger.md defines them byte by byte.

/** The ledger format that this version writes. */
export const FORMAT_VERSION = 1;
/** A leaf fits a C2SP tlog-tiles entry bundle: its length is a uint16 there. */
export const MAX_LEAF_BYTES = 65_535;
/** What a line has beyond its leaf, `,"hash":"…"}` for the leaf's `}`, without the newline. */
export const HASH_FIELD_BYTES = 75;
/**
 * The longest line, without its newline. A header has at most 53 frontier hashes and is far
 * shorter.
 */
export const MAX_LINE_BYTES: number = MAX_LEAF_BYTES - 1 + HASH_FIELD_BYTES;

/** The first line of a segment: where it stands in the journal. */
export interface SegmentHeader {
  readonly origin: string;
  /** The `seq` of the segment's first entry. */
  readonly first: number;
  /** The hash of the entry before `first`, or 64 zeros. */
  readonly prev: Hash;
  /** The tree's compact range at size `first`, largest subtree first. */
  readonly frontier: readonly Hash[];
}

/** An event with its place in the journal. */
export interface Entry {
  readonly seq: number;
  readonly prev: Hash;
  /** UTC with milliseconds, as the writer's clock said; may step back. */
  readonly time: string;
  readonly event: RecordedEvent;
  readonly hash: Hash;
}

/** The header line, without its newline. */
export function formatHeader(header: SegmentHeader): string {
  const { origin, first, prev, frontier } = header;
  return JSON.stringify({ stele: FORMAT_VERSION, origin, first, prev, frontier });
}

/**
 * Reads a header line strictly. Throws JOURNAL_NEWER_FORMAT, or JOURNAL_DAMAGED when a byte is not
 * canonical.
 */
export function parseHeader(untrusted: Uint8Array): SegmentHeader {
  const text = decodeUtf8(untrusted) ?? "";
  const version = /^\{"stele":([0-9]{1,15})[,}]/.exec(text)?.[1];
  if (version !== undefined && Number(version) > FORMAT_VERSION) {
    const message = `the ledger has format ${version}, this version reads ${FORMAT_VERSION}`;
    throw new SteleError("JOURNAL_NEWER_FORMAT", message);
  }
  const header = readJson(text);
  if (!isHeader(header) || formatHeader(header) !== text) {
    throw new SteleError("JOURNAL_DAMAGED", "the segment does not start with a header");
  }
  return header;
}

function isHeader(value: unknown): value is SegmentHeader {
  if (typeof value !== "object" || value === null) return false;
  const { origin, first, prev, frontier } = value as Partial<SegmentHeader>;
  return (
    isKeyName(origin) &&
    Number.isSafeInteger(first) &&
    first! >= 0 &&
    isHash(prev) &&
    Array.isArray(frontier) &&
    frontier.every(isHash) &&
    frontier.length === frontierLength(first!)
  );
}

/** The text of an entry's leaf: what is hashed, as UTF-8 behind a zero byte. */
export function formatLeaf(entry: Pick<Entry, "seq" | "prev" | "time">, eventText: string): string {
  const { seq, prev, time } = entry;
  return `{"seq":${seq},"prev":"${prev}","time":"${time}","event":${eventText}}`;
}

/**
 * The hash of the entry on the line `buffer[start, end)` when it is the leaf hash (RFC 6962) of
 * the line's own bytes. Nothing is copied: `buffer[start - 1]` must exist, and it and the line are
 * written to and restored during the call.
 */
export function checkedHash(
  hasher: Hasher,
  buffer: Uint8Array,
  start: number,
  end: number,
): Hash | "malformed" | "mismatch" {
  const field = end - HASH_FIELD_BYTES;
  const closed = buffer[end - 2] === 0x22 && buffer[end - 1] === 0x7d;
  if (field <= start || !closed || !matchesAscii(buffer, field, ',"hash":"')) return "malformed";
  const before = buffer[start - 1]!;
  buffer[start - 1] = LEAF_PREFIX;
  buffer[field] = 0x7d; // the leaf's closing brace stands where the comma is
  const hash = hasher.sha256(buffer.subarray(start - 1, field + 1));
  buffer[start - 1] = before;
  buffer[field] = 0x2c;
  return matchesAscii(buffer, field + 9, hash) ? hash : "mismatch";
}

/** The leaf of an entry's line, which has no newline: what its hash is of. */
export function leafOfLine(line: string): string {
  return `${line.slice(0, -HASH_FIELD_BYTES)}}`;
}

/** The event's text in a leaf; undefined when it is none. Checks no more than where it starts. */
export function eventOfLeaf(untrusted: string): string | undefined {
  return LEAF_FORM.exec(untrusted)?.[1];
}

const LEAF_FORM = /^\{"seq":[0-9]+,"prev":"[0-9a-f]{64}","time":"[^"]{24}","event":(\{.*\})\}$/s;

/** What follows a leaf without its last brace, newline included. */
export function formatHashField(hash: Hash): string {
  return `,"hash":"${hash}"}\n`;
}

/** The seal line, with its newline. */
export function formatSeal(
  checkpoint: Checkpoint,
  key: VerifierKey,
  signature: Uint8Array,
): string {
  return `${JSON.stringify({ seal: formatSealedNote(checkpoint, key, signature) })}\n`;
}

/** The signed note in a seal line: a checkpoint that may be kept elsewhere. */
export function formatSealedNote(
  checkpoint: Checkpoint,
  key: VerifierKey,
  signature: Uint8Array,
): string {
  return `${formatCheckpoint(checkpoint)}\n${formatSignatureLine(key, signature)}`;
}

/** The signed note inside a line that claims to be a seal; undefined when it is no string. */
export function sealedNote(untrusted: Uint8Array): string | undefined {
  const value = readJson(decodeUtf8(untrusted) ?? "");
  const seal = typeof value === "object" && value !== null && "seal" in value ? value.seal : null;
  return typeof seal === "string" ? seal : undefined;
}

/** The file name of the segment whose first entry is `first`. */
export function segmentName(first: number): string {
  return `${String(first).padStart(20, "0")}.jsonl`;
}

/** The `first` of a segment's file name; undefined for every other name. */
export function parseSegmentName(name: string): number | undefined {
  const digits = /^([0-9]{20})\.jsonl$/.exec(name)?.[1];
  const first = Number(digits);
  return Number.isSafeInteger(first) ? first : undefined;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
