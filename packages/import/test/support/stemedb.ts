import { crc32c } from "@aws-crypto/crc32c";
import { blake3 } from "@noble/hashes/blake3.js";

/** What a stemedb record's CRC is computed over. */
export type Coverage = "hash-and-payload" | "payload";

/** A record v2 of stemedb. */
export function stemedbRecord(payload: Uint8Array, coverage: Coverage): Buffer {
  const hashed = Buffer.concat([blake3(payload), payload]);
  const header = Buffer.alloc(8);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32c(coverage === "payload" ? payload : hashed), 4);
  return Buffer.concat([header, hashed]);
}
