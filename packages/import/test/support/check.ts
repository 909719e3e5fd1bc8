import { createHmac, createPublicKey, hash, verify, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { utf8 } from "@stele/core/bytes";
import type { Hash } from "@stele/core/hash";
import {
  checkOrigin,
  type CheckContext,
  type Format,
  type OriginEntry,
  type Report,
  type Segment,
  type Unrecognised,
} from "@stele/import";

/** Node's cryptography. */
export const primitives: CheckContext["primitives"] = {
  sha256: (bytes) => hash("sha256", bytes, "hex") as Hash,
  hmacSha256(key, parts) {
    const hmac = createHmac("sha256", key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex") as Hash;
  },
  verify(publicKey, message, signature) {
    return verify(null, message, imported(Buffer.from(publicKey).toString("base64url")), signature);
  },
};

const keys = new Map<string, KeyObject>();

function imported(x: string): KeyObject {
  const known = keys.get(x);
  if (known) return known;
  const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
  keys.set(x, key);
  return key;
}

/** The bytes of a vector that the original system wrote. */
export function seed(name: string): Uint8Array<ArrayBuffer> {
  const url = new URL(`../../../../spec/vectors/seeds/${name}`, import.meta.url);
  return Uint8Array.from(readFileSync(url));
}

/** How to check a file that is in memory. */
export interface CheckHow {
  readonly key?: string;
  readonly publicKey?: Uint8Array;
  readonly chunkBytes?: number;
  readonly onEntries?: (entries: readonly OriginEntry[]) => Promise<void>;
  readonly segments?: readonly Segment[];
}

/** A file that is in memory, for `recogniseFormat`. */
export function inMemory(bytes: Uint8Array): Unrecognised {
  return {
    sizeBytes: bytes.length,
    beginning: async (sizeBytes) => bytes.slice(0, sizeBytes),
  };
}

/** The report on bytes, which come in chunks of that size. */
export function checkBytes(
  format: Format,
  bytes: Uint8Array | string,
  how: CheckHow = {},
): Promise<Report> {
  const all = typeof bytes === "string" ? utf8(bytes) : bytes;
  const { key, publicKey, chunkBytes = 65_536, onEntries, segments } = how;
  return checkOrigin(format, chunks(all, chunkBytes), {
    primitives,
    key: key === undefined ? undefined : utf8(key),
    publicKey,
    onEntries,
    segments,
  });
}

async function* chunks(bytes: Uint8Array, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
}
