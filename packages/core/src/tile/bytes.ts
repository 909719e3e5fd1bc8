import type { Hash } from "../hash.ts";
import { MAX_LEAF_BYTES } from "../ledger.ts";
import { TILE_WIDTH } from "./layout.ts";

const HASH_BYTES = 32;

/** A full tile's length: 8192. */
export const FULL_TILE_BYTES: number = TILE_WIDTH * HASH_BYTES;

/** The tile of these hashes: 32 bytes each, nothing between them. */
export function encodeTile(hashes: readonly Hash[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  let at = 0;
  for (const hash of hashes) {
    for (let digit = 0; digit < 2 * HASH_BYTES; digit += 2) {
      bytes[at++] = 16 * valueOf(hash.charCodeAt(digit)) + valueOf(hash.charCodeAt(digit + 1));
    }
  }
  return bytes;
}

/** The hashes of a tile; undefined unless it has exactly this width, 1 to 256. */
export function decodeTile(untrusted: Uint8Array, width: number): Hash[] | undefined {
  if (width < 1 || width > TILE_WIDTH || untrusted.length !== width * HASH_BYTES) return undefined;
  return Array.from({ length: width }, (_, slot) => {
    let hash = "";
    for (let at = slot * HASH_BYTES; at < (slot + 1) * HASH_BYTES; at++) {
      hash += BYTES_IN_HEX[untrusted[at]!]!;
    }
    return hash as Hash;
  });
}

/**
 * The bundle of these entries: each behind its length as two bytes, big-endian. Throws RangeError
 * for an entry of more than 65,535 bytes.
 */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const sizeBytes = entries.reduce((sum, { length }) => sum + 2 + length, 0);
  const bundle = new Uint8Array(sizeBytes);
  const view = new DataView(bundle.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > MAX_LEAF_BYTES) throw new RangeError(`an entry of ${entry.length} bytes`);
    view.setUint16(at, entry.length);
    bundle.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bundle;
}

/** The entries of a bundle, as views of it; undefined unless there are exactly so many. */
export function decodeBundle(untrusted: Uint8Array, width: number): Uint8Array[] | undefined {
  const view = new DataView(untrusted.buffer, untrusted.byteOffset, untrusted.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at + 2 <= untrusted.length && entries.length < width) {
    const end = at + 2 + view.getUint16(at);
    if (end > untrusted.length) return undefined;
    entries.push(untrusted.subarray(at + 2, end));
    at = end;
  }
  return at === untrusted.length && entries.length === width ? entries : undefined;
}

const BYTES_IN_HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

/** Of the digits of a `Hash`: 0 to 9 and a to f. */
function valueOf(digit: number): number {
  return digit < 0x3a ? digit - 0x30 : digit - 0x57;
}
