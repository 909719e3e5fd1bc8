import { matchesAscii } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { MAX_LINE_BYTES } from "@stele/core/ledger";
import type { ReadableFile } from "./disk.ts";
import { scanLines, type LineSink } from "./line-scanner.ts";

/** Below this it is cheaper to scan than to look once more. */
const SCAN_BYTES = 32 * 1024;
/** A probe starts so much before the place where the entry should be, to come out in front of it. */
const MARGIN_BYTES = 8 * 1024;
/** From anywhere on, a whole entry line ends: behind the rest of a line, and a seal. */
const ENTRY_WITHIN_BYTES = 3 * (MAX_LINE_BYTES + 1);

/** The part of a segment that is searched: its first entry, the one behind it, and its length. */
export interface Searched {
  readonly first: number;
  readonly next: number;
  readonly sizeBytes: number;
}

/** A place in the file, and the entry at or behind it. */
interface Bound {
  readonly offsetBytes: number;
  readonly seq: number;
}

/**
 * The offset of the line that holds entry `seq`: two or three reads of a few KiB where lines are
 * about equally long, and a few more where they are not. Trusts the numbers on the lines; who
 * reads the entry checks it. Throws JOURNAL_DAMAGED when it is not there.
 */
export async function locateEntry(
  file: ReadableFile,
  seq: number,
  { first, next, sizeBytes }: Searched,
): Promise<number> {
  let lo: Bound = { offsetBytes: 0, seq: first };
  let hi: Bound = { offsetBytes: sizeBytes, seq: next };
  for (let probes = 0; distance(lo, hi, seq) > SCAN_BYTES; probes++) {
    // Every third probe halves what is left, whatever the lengths of the lines.
    const from = probes % 3 < 2 ? expected(lo, hi, seq) : middle(lo, hi);
    const to = Math.min(hi.offsetBytes, from + ENTRY_WITHIN_BYTES);
    const found = await firstEntry(file, { from, to, isAnywhere: true }, 0);
    if (found && found.seq <= seq) lo = found;
    else hi = { offsetBytes: from, seq: found?.seq ?? hi.seq };
  }
  const found = await firstEntry(file, { from: lo.offsetBytes, to: sizeBytes }, seq);
  if (found?.seq === seq) return found.offsetBytes;
  const message = `the journal is damaged: entry ${seq} is not where it should be`;
  throw new SteleError("JOURNAL_DAMAGED", message, { seq });
}

/** How far behind `lo` the entry lies if all lines between are of one length. */
function distance(lo: Bound, hi: Bound, seq: number): number {
  const share = (seq - lo.seq) / Math.max(1, hi.seq - lo.seq);
  return Math.min(1, share) * (hi.offsetBytes - lo.offsetBytes);
}

/** A little before where the entry lies if all lines between are of one length. */
function expected(lo: Bound, hi: Bound, seq: number): number {
  const offsetBytes = Math.floor(lo.offsetBytes + distance(lo, hi, seq)) - MARGIN_BYTES;
  return Math.min(Math.max(offsetBytes, lo.offsetBytes + 1), hi.offsetBytes - 1);
}

function middle(lo: Bound, hi: Bound): number {
  return Math.floor((lo.offsetBytes + hi.offsetBytes) / 2);
}

/** The first whole entry line in the range whose seq is at least `atLeast`. */
async function firstEntry(
  file: ReadableFile,
  range: { readonly from: number; readonly to: number; readonly isAnywhere?: boolean },
  atLeast: number,
): Promise<Bound | undefined> {
  let found: Bound | undefined;
  const sink: LineSink = {
    line(buffer, start, end, offsetBytes) {
      // The rest of a line, in which a range that starts anywhere starts, may look like an entry.
      if (range.isAnywhere && offsetBytes === range.from) return undefined;
      const seq = entrySeq(buffer, start, end);
      if (seq === undefined || seq < atLeast) return undefined;
      found = { seq, offsetBytes };
      return "stop";
    },
    piece: () => undefined,
  };
  await scanLines(file, { ...range, chunkBytes: MARGIN_BYTES }, sink);
  return found;
}

/** The number on a line that begins as an entry does. */
export function entrySeq(buffer: Uint8Array, start: number, end: number): number | undefined {
  if (!matchesAscii(buffer, start, SEQ_MEMBER)) return undefined;
  const first = start + SEQ_MEMBER.length;
  const last = Math.min(end, first + MAX_DIGITS + 1);
  let seq = 0;
  for (let at = first; at < last; at++) {
    const byte = buffer[at]!;
    if (byte === 0x2c) return at > first ? seq : undefined;
    if (byte < 0x30 || byte > 0x39) return undefined;
    seq = seq * 10 + byte - 0x30;
  }
  return undefined;
}

const SEQ_MEMBER = '{"seq":';
const MAX_DIGITS = 16;
