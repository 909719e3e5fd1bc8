import { matchesAscii } from "@stele/core/bytes";
import { sealedNote } from "@stele/core/ledger";
import type { Disk } from "./disk.ts";
import { scanLines } from "./line-scanner.ts";

/**
 * The signed note of the first seal in a segment; undefined when it has none. Verifies nothing.
 * Reads as far as the first commit goes.
 */
export async function firstSeal(disk: Disk, path: string): Promise<string | undefined> {
  const file = await disk.openRead(path);
  let note: string | undefined;
  try {
    await scanLines(
      file,
      {},
      {
        line(buffer, start, end) {
          if (!matchesAscii(buffer, start, '{"seal":"')) return undefined;
          note = sealedNote(buffer.subarray(start, end));
          return "stop";
        },
        piece: () => undefined,
      },
    );
    return note;
  } finally {
    await file.close();
  }
}
