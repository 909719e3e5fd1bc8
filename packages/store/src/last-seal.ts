import { decodeUtf8 } from "@stele/core/bytes";
import { sealedNote } from "@stele/core/ledger";
import type { Disk } from "./disk.ts";

/**
 * No seal line, and no entry that changes the key, is longer: each has an origin of 255 characters
 * twice at most, besides hashes, a key or a signature.
 */
const MAX_LAST_LINE_BYTES = 1024;

/** How a segment ends. */
export interface SegmentTail {
  /** The signed note of the seal on the last line. */
  readonly note: string;
  /** The line before it, unless it is too long to be one that changes the key. */
  readonly lineBefore: string | undefined;
}

/**
 * What stands at the end of a segment, within its first `sizeBytes` (default: all of it);
 * undefined when its last line is no seal. Verifies nothing. One short read.
 */
export async function readTail(
  disk: Disk,
  path: string,
  sizeBytes?: number,
): Promise<SegmentTail | undefined> {
  const file = await disk.openRead(path);
  try {
    const size = sizeBytes ?? (await file.size());
    const bytes = new Uint8Array(Math.min(size, 2 * MAX_LAST_LINE_BYTES));
    const count = await file.read(bytes, size - bytes.length);
    return tailOf(bytes.subarray(0, count));
  } finally {
    await file.close();
  }
}

/** The note of the seal on a segment's last line: `readTail` without the line before. */
export async function lastSeal(
  disk: Disk,
  path: string,
  sizeBytes?: number,
): Promise<string | undefined> {
  return (await readTail(disk, path, sizeBytes))?.note;
}

function tailOf(bytes: Uint8Array): SegmentTail | undefined {
  const last = startOfLine(bytes, bytes.length);
  const note = sealedNote(bytes.subarray(last));
  if (note === undefined) return undefined;
  const before = startOfLine(bytes, last);
  const whole = before > 0 && before < last;
  return { note, lineBefore: whole ? decodeUtf8(bytes.subarray(before, last - 1)) : undefined };
}

/** Where the line starts that ends, with its newline, at `end`; 0 when that is not to be seen. */
function startOfLine(bytes: Uint8Array, end: number): number {
  return end < 2 ? 0 : bytes.lastIndexOf(0x0a, end - 2) + 1;
}
