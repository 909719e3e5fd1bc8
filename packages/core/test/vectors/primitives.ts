import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
} from "node:crypto";
import type { Hash } from "@stele/core/hash";
import type { Primitives } from "@stele/core/key";

const PUBLIC = Buffer.from("302a300506032b6570032100", "hex");
const PRIVATE = Buffer.from("302e020100300506032b657004220420", "hex");

function importPrivate(seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  return createPrivateKey({ key: Buffer.concat([PRIVATE, seed]), format: "der", type: "pkcs8" });
}

function sha256(...parts: readonly Uint8Array[]): Hash {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex") as Hash;
}

/** The cryptography that core takes from outside, on Node; written without speed in mind. */
export const primitives: Primitives = {
  sha256: (bytes) => sha256(bytes),
  node: (left, right) => sha256(Buffer.of(1), Buffer.from(left, "hex"), Buffer.from(right, "hex")),
  hmacSha256(key, parts) {
    const mac = createHmac("sha256", key);
    for (const part of parts) mac.update(part);
    return mac.digest("hex") as Hash;
  },
  sign: (seed, message) => sign(null, message, importPrivate(seed)),
  verify(publicKey, message, signature) {
    const key = Buffer.concat([PUBLIC, publicKey]);
    return verify(null, message, createPublicKey({ key, format: "der", type: "spki" }), signature);
  },
  publicKey: (seed) =>
    createPublicKey(importPrivate(seed)).export({ format: "der", type: "spki" }).subarray(-32),
};
