import { parseContentLine, type ContentLine } from "@stele/core/content";
import { segmentName } from "@stele/core/ledger";
import { malformedContents, MAX_CONTENT_LINE_BYTES } from "./content-scan.ts";
import type { ReadableFile } from "./disk.ts";
import { CONTENT, join } from "./layout.ts";

// Content segments have one line per entry with contents, in the order of `seq`, and lines of any
// length: one of them is found by offsets.

const CHUNK_BYTES = 64 * 1024;
const SHORT_LINE_BYTES = 1024;
const NEWLINE = 0x0a;

/** The path of the contents beside a ledger segment. */
export function contentPath(directory: string, first: number): string {
  return join(directory, CONTENT, segmentName(first));
}

/**
 * Where the contents of entries below `size` end: what follows belongs to entries that were never
 * sealed, or is torn. Reads backwards, line by line, as far as needed.
 */
export async function endOfContents(file: ReadableFile, size: number): Promise<number> {
  let end = await file.size();
  while (end > 0) {
    const start = await startOfLine(file, end - 1);
    if (await belongsBelow(file, start, end, size)) return end;
    end = start;
  }
  return 0;
}

/** The line of an entry, or undefined when the segment has none. Throws JOURNAL_DAMAGED. */
export async function findContents(
  file: ReadableFile,
  seq: number,
): Promise<ContentLine | undefined> {
  let lo = 0;
  let hi = await file.size();
  while (lo < hi) {
    const start = await startOfLine(file, Math.floor((lo + hi) / 2));
    const end = await endOfLine(file, start);
    const found = await seqAt(file, start);
    if (found === undefined) throw malformedContents(seq);
    if (found === seq) return readLine(file, start, end);
    if (found < seq) lo = end;
    else hi = start;
  }
  return undefined;
}

/** The line at that place. Throws JOURNAL_DAMAGED. */
async function readLine(file: ReadableFile, start: number, end: number): Promise<ContentLine> {
  if (end - start > MAX_CONTENT_LINE_BYTES) throw malformedContents(await seqAt(file, start));
  const bytes = new Uint8Array(end - start);
  const count = await file.read(bytes, start);
  if (bytes[count - 1] !== NEWLINE) throw malformedContents(await seqAt(file, start));
  return parseContentLine(bytes.subarray(0, count - 1));
}

async function belongsBelow(
  file: ReadableFile,
  start: number,
  end: number,
  size: number,
): Promise<boolean> {
  const last = new Uint8Array(1);
  await file.read(last, end - 1);
  const seq = await seqAt(file, start);
  return last[0] === NEWLINE && seq !== undefined && seq < size;
}

/**
 * The offset of the line that the byte at `at` lies in (a newline belongs to the line that it
 * ends).
 */
async function startOfLine(file: ReadableFile, at: number): Promise<number> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let end = at; end > 0;) {
    const from = Math.max(0, end - CHUNK_BYTES);
    const count = await file.read(chunk.subarray(0, end - from), from);
    const newline = chunk.subarray(0, count).lastIndexOf(NEWLINE);
    if (newline >= 0) return from + newline + 1;
    end = from;
  }
  return 0;
}

/** The offset behind the newline that ends the line at `start`, or the end of the file. */
async function endOfLine(file: ReadableFile, start: number): Promise<number> {
  // Most lines are short.
  let chunk = new Uint8Array(SHORT_LINE_BYTES);
  for (let at = start; ; chunk = new Uint8Array(CHUNK_BYTES)) {
    const count = await file.read(chunk, at);
    const newline = chunk.subarray(0, count).indexOf(NEWLINE);
    if (newline >= 0) return at + newline + 1;
    at += count;
    if (count < chunk.length) return at;
  }
}

async function seqAt(file: ReadableFile, start: number): Promise<number | undefined> {
  const bytes = new Uint8Array(32);
  const count = await file.read(bytes, start);
  const text = String.fromCharCode(...bytes.subarray(0, count));
  const digits = /^\{"seq":([0-9]{1,16}),/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
