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
    // Node 24 takes 33 µs for a key given as bytes, and 4 µs for a KeyObject (measured).
    const hmac = createHmac("sha256", createSecretKey(key));
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex") as Hash;
  },
};
