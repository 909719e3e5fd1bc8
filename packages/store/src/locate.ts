import { SteleError } from "@stele/core/error";
import { MAX_LINE_BYTES } from "@stele/core/ledger";
import type { ReadableFile } from "./disk.ts";
import { scanLines, type LineSink } from "./line-scanner.ts";

/** Below this it is cheaper to scan than to halve again; several times the longest line. */
const SCAN_BYTES = 256 * 1024;
/** From anywhere on, a whole entry line ends: behind the rest of a line, and a seal. */
const ENTRY_WITHIN_BYTES = 3 * (MAX_LINE_BYTES + 1);

/**
 * The offset of the line that holds entry `seq`, within the first `sizeBytes` of a segment: about
 * log2(size / 256 KiB) reads. Trusts the numbers on the lines; who reads the entry checks it.
 * Throws JOURNAL_DAMAGED when it is not there.
 */
export async function locateEntry(
  file: ReadableFile,
  seq: number,
  sizeBytes: number,
): Promise<number> {
  let lo = 0;
  let hi = sizeBytes;
  while (hi - lo > SCAN_BYTES) {
    const middle = Math.floor((lo + hi) / 2);
    const to = Math.min(hi, middle + ENTRY_WITHIN_BYTES);
    const found = await firstEntry(file, { from: middle, to, isAnywhere: true }, 0);
    if (found && found.seq <= seq) lo = found.offsetBytes;
    else hi = middle;
  }
  const found = await firstEntry(file, { from: lo, to: sizeBytes }, seq);
  if (found?.seq === seq) return found.offsetBytes;
  const message = `the journal is damaged: entry ${seq} is not where it should be`;
  throw new SteleError("JOURNAL_DAMAGED", message, { seq });
}

interface Found {
  readonly seq: number;
  readonly offsetBytes: number;
}

/** The first whole entry line in the range whose seq is at least `atLeast`. */
async function firstEntry(
  file: ReadableFile,
  range: { readonly from: number; readonly to: number; readonly isAnywhere?: boolean },
  atLeast: number,
): Promise<Found | undefined> {
  let found: Found | undefined;
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
  await scanLines(file, range, sink);
  return found;
}

/** The number on a line that begins as an entry does. */
export function entrySeq(buffer: Uint8Array, start: number, end: number): number | undefined {
  const text = String.fromCharCode(...buffer.subarray(start, Math.min(end, start + 24)));
  const digits = /^\{"seq":([0-9]{1,16}),/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
