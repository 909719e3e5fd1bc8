import { SteleError } from "@stele/core/error";
import { MAX_CONTENT_BYTES, parseContentLine, type ContentLine } from "@stele/core/content";
import type { ReadableFile } from "./disk.ts";
import { entrySeq } from "./locate.ts";

// Content segments are passed over a mebibyte at a time, whatever the length of their lines: a read
// for each line would cost more than everything that is done with it.

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
/** JSON text takes at most six bytes for one. */
export const MAX_CONTENT_LINE_BYTES: number = 6 * MAX_CONTENT_BYTES + CHUNK_BYTES;

/** A line as it lies in the segment, with its newline, unless the file ends without one. */
export interface RawLine {
  /** Good until the next batch is asked for. */
  readonly bytes: Uint8Array;
  /** The number that it begins with. */
  readonly seq: number | undefined;
}

/**
 * The lines of a content segment in order, as many at a time as a mebibyte holds: one that is
 * longer comes alone. Memory: a mebibyte, or twice the longest line. Throws JOURNAL_DAMAGED at a
 * line longer than any can be.
 */
export async function* scanContentLines(
  file: ReadableFile,
): AsyncGenerator<readonly RawLine[], void, undefined> {
  const sizeBytes = await file.size();
  let buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, sizeBytes));
  let held = 0;
  for (let at = 0; at < sizeBytes;) {
    if (held === buffer.length) buffer = grown(buffer, sizeBytes - at);
    const count = await file.read(buffer.subarray(held), at);
    at += count;
    const filled = held + count;
    const isEnd = count === 0 || at >= sizeBytes;
    const end = isEnd ? filled : buffer.subarray(0, filled).lastIndexOf(NEWLINE) + 1;
    if (end > 0) yield linesIn(buffer.subarray(0, end));
    if (isEnd) return;
    buffer.copyWithin(0, end, filled);
    held = filled - end;
  }
}

/** Reads a line. Throws JOURNAL_DAMAGED. */
export function parseRawLine({ bytes, seq }: RawLine): ContentLine {
  if (bytes.at(-1) !== NEWLINE) throw malformedContents(seq);
  return parseContentLine(bytes.subarray(0, -1));
}

/**
 * Whose line it is, also when it is spelled otherwise than writers do; undefined when it is torn.
 * Throws JOURNAL_DAMAGED when it is whole, and nobody's.
 */
export function entryOf(raw: RawLine): number | undefined {
  const isTorn = raw.bytes.at(-1) !== NEWLINE;
  return raw.seq ?? (isTorn ? undefined : parseRawLine(raw).seq);
}

/** That a line is none, of the entry if it names one. */
export function malformedContents(seq: number | undefined): SteleError {
  const message = `the contents of entry ${seq ?? "(unknown)"} are malformed`;
  return new SteleError("JOURNAL_DAMAGED", message, seq === undefined ? {} : { seq });
}

function linesIn(bytes: Buffer): readonly RawLine[] {
  const lines: RawLine[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    lines.push({ bytes: bytes.subarray(start, end), seq: entrySeq(bytes, start, end) });
    start = end;
  }
  return lines;
}

function grown(buffer: Buffer, leftBytes: number): Buffer<ArrayBuffer> {
  if (buffer.length >= MAX_CONTENT_LINE_BYTES) {
    throw malformedContents(entrySeq(buffer, 0, buffer.length));
  }
  const larger = Buffer.allocUnsafeSlow(buffer.length + Math.min(buffer.length, leftBytes));
  buffer.copy(larger);
  return larger;
}
