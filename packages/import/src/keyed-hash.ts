import type { Hasher } from "@stele/core/hash";

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/**
 * HMAC-SHA-256 (RFC 2104) with one key over many messages, by two one-shot hashes each: setting up
 * Node's Hmac for every message takes more time than hashing it.
 */
export class KeyedHash {
  readonly #hasher: Pick<Hasher, "sha256">;
  readonly #outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES);
  readonly #innerPad: Uint8Array;
  #inner: Uint8Array;

  constructor(hasher: Pick<Hasher, "sha256">, key: Uint8Array) {
    this.#hasher = hasher;
    const isLong = key.length > BLOCK_BYTES;
    const short = isLong ? Buffer.from(hasher.sha256(key), "hex") : key;
    const block = new Uint8Array(BLOCK_BYTES);
    block.set(short);
    this.#innerPad = block.map((byte) => byte ^ 0x36);
    this.#outer.set(block.map((byte) => byte ^ 0x5c));
    this.#inner = new Uint8Array(4096);
    this.#inner.set(this.#innerPad);
  }

  /** In hex. */
  of(message: Uint8Array): string {
    const sizeBytes = BLOCK_BYTES + message.length;
    if (sizeBytes > this.#inner.length) {
      this.#inner = new Uint8Array(2 * sizeBytes);
      this.#inner.set(this.#innerPad);
    }
    this.#inner.set(message, BLOCK_BYTES);
    const inner = this.#hasher.sha256(this.#inner.subarray(0, sizeBytes));
    this.#outer.write(inner, BLOCK_BYTES, HASH_BYTES, "hex");
    return this.#hasher.sha256(this.#outer);
  }
}
