import type { Hasher } from "@stele/core/hash";
import { checkedHash } from "@stele/core/ledger";
import type { ReadableFile } from "./disk.ts";
import { readEntryLine, type EntryLine, type PlacedLine } from "./entry-line.ts";
import { scanLines, type LineSink } from "./line-scanner.ts";
import { entrySeq, locateEntry } from "./locate.ts";

/** The sealed part of a segment. */
export interface SealedSegment {
  readonly file: ReadableFile;
  readonly hasher: Hasher;
  /** Its first entry. */
  readonly first: number;
  /** The first entry behind it. */
  readonly next: number;
  readonly sizeBytes: number;
}

/** Both ends are included. */
export interface SeqRange {
  readonly lo: number;
  readonly hi: number;
}

/** Some entries whose bytes match their hashes, and why the next one does not, if so. */
export interface Page {
  readonly entries: readonly PlacedLine[];
  readonly damage: string | undefined;
}

const PAGE_BYTES = 1024 * 1024;
/** What an entry and its share of seals may well take; only a first guess at what to read. */
const LIKELY_BYTES = 4096;

/** The segment's entries of the range, ascending. */
export async function* forward(
  segment: SealedSegment,
  seqs: SeqRange,
): AsyncGenerator<Page, void, undefined> {
  const { file, sizeBytes, first } = segment;
  let from = seqs.lo <= first ? 0 : await locateEntry(file, seqs.lo, segment);
  while (from < sizeBytes) {
    const page = await readPage(segment, { from, to: sizeBytes }, seqs);
    yield page;
    if (page.damage !== undefined || page.done || page.endBytes === from) return;
    from = page.endBytes;
  }
}

/** The segment's entries of the range, descending. */
export async function* backward(
  segment: SealedSegment,
  seqs: SeqRange,
): AsyncGenerator<Page, void, undefined> {
  const { file, sizeBytes, next } = segment;
  let to = seqs.hi + 1 >= next ? sizeBytes : await locateEntry(file, seqs.hi + 1, segment);
  while (to > 0) {
    const from = Math.max(0, to - PAGE_BYTES);
    const page = await readPage(segment, { from, to, isBackward: true }, seqs);
    yield { entries: page.entries.toReversed(), damage: page.damage };
    if (page.damage !== undefined || page.entries[0]?.entry.seq === seqs.lo) return;
    to = page.startBytes < to ? page.startBytes : 0;
  }
}

interface ByteRange {
  readonly from: number;
  readonly to: number;
  /** `from` is anywhere, so what lies there is no line; and what counts lies behind all damage. */
  readonly isBackward?: boolean;
}

interface ReadPage extends Page {
  /** Where the first whole line of the range starts; 0 when the range starts the file. */
  readonly startBytes: number;
  /** Where the line behind the last one that was looked at starts. */
  readonly endBytes: number;
  /** Whether the end of the range was met, or an entry above it. */
  readonly done: boolean;
}

async function readPage(
  { file, hasher }: SealedSegment,
  range: ByteRange,
  seqs: SeqRange,
): Promise<ReadPage> {
  const entries: PlacedLine[] = [];
  let damage: string | undefined;
  let done = false;
  let startBytes = range.from === 0 ? 0 : range.to;
  let endBytes = range.from;
  const sink: LineSink = {
    line(buffer, start, end, offsetBytes) {
      if (range.isBackward && offsetBytes === range.from) return undefined;
      const seq = entrySeq(buffer, start, end);
      done = seq !== undefined && seq > seqs.hi;
      if (done) return "stop";
      done = seq === seqs.hi && !range.isBackward;
      startBytes = Math.min(startBytes, offsetBytes);
      endBytes = offsetBytes + end - start + 1;
      if (seq === undefined || seq < seqs.lo) return undefined;
      const found = readEntry(hasher, buffer, start, end);
      if (typeof found !== "string") {
        const { entry, line } = found;
        entries.push({ entry, line, offsetBytes, sizeBytes: end - start });
      } else {
        damage = found;
        if (range.isBackward) entries.length = 0;
        else return "stop";
      }
      if (done) return "stop";
      return endBytes - range.from >= PAGE_BYTES ? "stop" : undefined;
    },
    piece: () => undefined,
  };
  const chunkBytes = (seqs.hi - seqs.lo + 1) * LIKELY_BYTES;
  await scanLines(file, { ...range, chunkBytes }, sink);
  return { entries, damage, startBytes, endBytes, done };
}

/**
 * The entry on the line `buffer[start, end)`, or why it is not one. `buffer[start - 1]` exists and
 * may be written to during the call.
 */
export function readEntry(
  hasher: Hasher,
  buffer: Uint8Array,
  start: number,
  end: number,
): EntryLine | string {
  const hash = checkedHash(hasher, buffer, start, end);
  if (hash === "malformed" || hash === "mismatch") return "its bytes do not match its hash";
  // What was hashed but is no JSON, only whoever holds the key can have sealed.
  return readEntryLine(buffer.subarray(start, end)) ?? "it is not JSON";
}
