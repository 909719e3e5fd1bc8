import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { SteleError } from "@stele/core/error";
import type { Ed25519 } from "@stele/core/key";

const KEY_BYTES = 32;
// What stands before the 32 raw bytes in DER (RFC 8410 sections 4 and 7).
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Ed25519 of Node's OpenSSL. Importing a key costs as much as a signature, so the last few keys are
 * kept.
 */
export const nodeEd25519: Ed25519 = {
  sign: (seed, message) => new Uint8Array(sign(null, message, privateKey(seed))),
  verify(untrustedKey, message, signature) {
    if (untrustedKey.byteLength !== KEY_BYTES) return false;
    return verify(null, message, publicKey(untrustedKey), signature);
  },
  publicKey(seed) {
    const der = createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" });
    return new Uint8Array(der.subarray(PUBLIC_PREFIX.byteLength));
  },
};

const privateKey = remembered((seed) => {
  if (seed.byteLength !== KEY_BYTES) {
    throw new SteleError("KEY_MALFORMED", `a seed has 32 bytes, not ${seed.byteLength}`);
  }
  const key = Buffer.concat([PRIVATE_PREFIX, seed]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
});

const publicKey = remembered((bytes) => {
  const key = Buffer.concat([PUBLIC_PREFIX, bytes]);
  return createPublicKey({ key, format: "der", type: "spki" });
});

const REMEMBERED_KEYS = 16;

/**
 * The import, with its results kept by the bytes of the key; when there are too many, all are
 * dropped.
 */
function remembered(importKey: (bytes: Uint8Array) => KeyObject): (bytes: Uint8Array) => KeyObject {
  const keys = new Map<string, KeyObject>();
  return (bytes) => {
    const name = Buffer.from(bytes).toString("latin1");
    const known = keys.get(name);
    if (known !== undefined) return known;
    if (keys.size === REMEMBERED_KEYS) keys.clear();
    const key = importKey(bytes);
    keys.set(name, key);
    return key;
  };
}
