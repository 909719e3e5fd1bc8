import { scanValue, wrongAt } from "./scan.ts";

const OPEN_BRACE = 0x7b;

/**
 * Whether `bytes[start, end)` is exactly one JSON object without white space between its tokens:
 * -1, or the offset of the first wrong byte (`end` when the object is cut short, the opening
 * bracket where it nests too deep). One pass, no allocation. It checks the grammar only, not that
 * strings are UTF-8, names unique or numbers exact.
 */
export function checkJsonObject(bytes: Uint8Array, start: number, end: number): number {
  if (start < end && bytes[start] !== OPEN_BRACE) return start;
  const behind = scanValue(bytes, start, end);
  if (behind < 0) return wrongAt(behind);
  return behind === end ? -1 : behind;
}
