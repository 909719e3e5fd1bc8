import { createHmac, createSecretKey, hash } from "node:crypto";
import { NODE_PREFIX } from "@stele/core/hash";
import type { Hash, Hasher } from "@stele/core/hash";

const HASH_BYTES = 32;
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES);
nodeInput[0] = NODE_PREFIX;

/** The hash functions of Node's OpenSSL. */
export const nodeHasher: Hasher = {
  sha256: (bytes) => hash("sha256", bytes, "hex") as Hash,
  node(left, right) {
    nodeInput.write(left, 1, HASH_BYTES, "hex");
    nodeInput.write(right, 1 + HASH_BYTES, HASH_BYTES, "hex");
    return hash("sha256", nodeInput, "hex") as Hash;
  },
  hmacSha256(key, parts) {
    const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (key.length <= BLOCK_BYTES && sizeBytes <= SHORT_BYTES) return shortHmac(key, parts);
    // Node 24 takes 33 µs for a key given as bytes, and 4 µs for a KeyObject (measured).
    const hmac = createHmac("sha256", createSecretKey(key));
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex") as Hash;
  },
};

const BLOCK_BYTES = 64;
/** What is longer is copied at a cost. */
const SHORT_BYTES = 16 * 1024;
const inner = Buffer.alloc(BLOCK_BYTES + SHORT_BYTES);
const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES);

/** RFC 2104 with two hashes of a buffer: a quarter of the time that a Hmac object takes. */
function shortHmac(key: Uint8Array, parts: readonly Uint8Array[]): Hash {
  for (let at = 0; at < BLOCK_BYTES; at++) {
    const byte = key[at] ?? 0;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  let end = BLOCK_BYTES;
  for (const part of parts) {
    inner.set(part, end);
    end += part.length;
  }
  outer.write(hash("sha256", inner.subarray(0, end), "hex"), BLOCK_BYTES, "hex");
  return hash("sha256", outer, "hex") as Hash;
}
