import {
  formatSigningKey,
  signingKey,
  type Primitives,
  type Signer,
  type SigningKey,
} from "@stele/core/key";
import { nodeEd25519, nodeHasher } from "@stele/store/node";

/** Node's hashes and signatures. */
export const primitives: Primitives = { ...nodeHasher, ...nodeEd25519 };

/** A key that is the same in every run. */
export function testKey(name = "tests.example/journal", seedByte = 7): SigningKey {
  return signingKey(primitives, name, new Uint8Array(32).fill(seedByte));
}

/** What seals with the key. */
export function signerOf(key: SigningKey): Signer {
  return { key, sign: (message) => primitives.sign(key.seed, message) };
}

/** Keeps tests away from the user's own keys. */
export const environment: Readonly<Record<string, string>> = {
  STELE_KEY: formatSigningKey(testKey()),
};
