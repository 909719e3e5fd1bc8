import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  type KeyObject,
} from "node:crypto";

// The hash, tree, key and note rules of spec/ledger.md once more, written from the text and sharing no code with the
// packages: what both agree on, the text says.

/** Lower-case hex of SHA-256 over the parts. */
export function sha256(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** Lower-case hex of HMAC-SHA-256 over the parts. */
export function hmac(key: Buffer, ...parts: readonly (string | Buffer)[]): string {
  const mac = createHmac("sha256", key);
  for (const part of parts) mac.update(part);
  return mac.digest("hex");
}

/** The RFC 6962 hash of a leaf. */
export function leafHash(leaf: string): string {
  return sha256(Buffer.of(0), leaf);
}

/** MTH of RFC 6962 section 2.1 over leaf hashes, by its own recursion. */
export function treeRoot(leaves: readonly string[]): string {
  if (leaves.length === 0) return sha256("");
  if (leaves.length === 1) return leaves[0]!;
  const split = largestPowerBelow(leaves.length);
  const left = Buffer.from(treeRoot(leaves.slice(0, split)), "hex");
  const right = Buffer.from(treeRoot(leaves.slice(split)), "hex");
  return sha256(Buffer.of(1), left, right);
}

/** The roots of the perfect subtrees that the leaves fill, largest first. */
export function frontier(leaves: readonly string[]): string[] {
  if (leaves.length === 0) return [];
  const split = largestPowerBelow(leaves.length + 1);
  return [treeRoot(leaves.slice(0, split)), ...frontier(leaves.slice(split))];
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (2 * power < size) power *= 2;
  return power;
}

/** Hex as base64. */
export function base64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}

/** A named Ed25519 key. */
export class TestKey {
  readonly name: string;
  readonly seed: Buffer;
  readonly publicKey: Buffer;
  readonly keyId: string;
  readonly #private: KeyObject;

  constructor(name: string, seed: Buffer) {
    const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
    this.name = name;
    this.seed = seed;
    this.#private = createPrivateKey({
      key: Buffer.concat([prefix, seed]),
      format: "der",
      type: "pkcs8",
    });
    const spki = createPublicKey(this.#private).export({ format: "der", type: "spki" });
    this.publicKey = spki.subarray(-32);
    this.keyId = sha256(`${name}\n`, Buffer.of(1), this.publicKey).slice(0, 8);
  }

  get vkey(): string {
    return `${this.name}+${this.keyId}+${Buffer.concat([Buffer.of(1), this.publicKey]).toString("base64")}`;
  }

  get skey(): string {
    return `PRIVATE+KEY+${this.name}+${this.keyId}+${Buffer.concat([Buffer.of(1), this.seed]).toString("base64")}`;
  }

  /** The 64-byte signature over the text. */
  sign(text: string): Buffer {
    return sign(null, Buffer.from(text), this.#private);
  }

  /** The note's signature line for these signature bytes, by default the right ones. */
  signatureLine(text: string, signature: Buffer = this.sign(text)): string {
    const field = Buffer.concat([Buffer.from(this.keyId, "hex"), signature]);
    return `— ${this.name} ${field.toString("base64")}\n`;
  }
}

/** Seed 00 01 … 1f. Public: it signs test data only. */
export const TEST_SEED: Buffer = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
/** Seed 20 21 … 3f, for what the test key did not sign. */
export const OTHER_SEED: Buffer = TEST_SEED.map((byte) => byte + 32) as Buffer;

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The other scalar of the same signature, S + L, which a lax verifier takes too. */
export function malleable(signature: Buffer): Buffer {
  const scalar = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`);
  const other = Buffer.from((scalar + ORDER).toString(16).padStart(64, "0"), "hex").reverse();
  return Buffer.concat([signature.subarray(0, 32), other]);
}
