import { sealedNote } from "@stele/core/ledger";
import type { Disk } from "./disk.ts";

/** No seal line is longer: an origin of 255 characters twice, a size, a root, a signature. */
const MAX_SEAL_BYTES = 1024;

/**
 * The signed note on the last line of a segment, within its first `sizeBytes` (default: all of
 * it); undefined when that line is no seal. Verifies nothing. One short read.
 */
export async function lastSeal(
  disk: Disk,
  path: string,
  sizeBytes?: number,
): Promise<string | undefined> {
  const file = await disk.openRead(path);
  try {
    const size = sizeBytes ?? (await file.size());
    const bytes = new Uint8Array(Math.min(size, MAX_SEAL_BYTES));
    const count = await file.read(bytes, size - bytes.length);
    const lines = bytes.subarray(0, count);
    return sealedNote(lines.subarray(lines.lastIndexOf(0x0a, count - 2) + 1));
  } finally {
    await file.close();
  }
}
