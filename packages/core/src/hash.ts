/**
 * Lower-case hex of a SHA-256 digest, 64 characters: the form in which the ledger stores every
 * hash.
 */
export type Hash = string & { readonly [hashBrand]: true };
declare const hashBrand: unique symbol;

/**
 * The hash functions that core needs and never imports: Node's in Node, an audited pure
 * implementation in a browser. Implementations may reuse internal buffers; the results are
 * immutable strings.
 */
export interface Hasher {
  /** SHA-256 of exactly these bytes. */
  sha256(bytes: Uint8Array): Hash;
  /** RFC 6962 section 2.1 node hash: SHA-256(0x01 ‖ left ‖ right). */
  node(left: Hash, right: Hash): Hash;
  /** HMAC-SHA-256 (RFC 2104) over the concatenation of the parts. */
  hmacSha256(key: Uint8Array, parts: readonly Uint8Array[]): Hash;
}

/** What the first entry of a journal names as its predecessor. */
export const ZERO_HASH: Hash = "0".repeat(64) as Hash;

/** MTH({}), the root of a tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1). */
export const EMPTY_ROOT: Hash =
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" as Hash;

/** The first byte of what a leaf hash is computed over (RFC 6962 section 2.1). */
export const LEAF_PREFIX = 0x00;
/** The first byte of what a node hash is computed over (RFC 6962 section 2.1). */
export const NODE_PREFIX = 0x01;

/** RFC 6962 section 2.1 leaf hash: SHA-256(0x00 ‖ leaf). */
export function leafHash(hasher: Hasher, leaf: Uint8Array): Hash {
  const prefixed = new Uint8Array(1 + leaf.length);
  prefixed[0] = LEAF_PREFIX;
  prefixed.set(leaf, 1);
  return hasher.sha256(prefixed);
}

const HASH = /^[0-9a-f]{64}$/;

/** Whether the text is a hash in its only accepted form. */
export function isHash(untrusted: unknown): untrusted is Hash {
  return typeof untrusted === "string" && HASH.test(untrusted);
}
