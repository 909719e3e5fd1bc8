import { fromBase64, toBase64 } from "./base64.ts";
import { concatBytes, equalBytes, fromHex, toHex, utf8 } from "./bytes.ts";
import { SteleError } from "./error.ts";
import type { Hasher } from "./hash.ts";

/** Ed25519 (RFC 8032) over raw keys: 32-byte seeds and public keys, 64-byte signatures. */
export interface Ed25519 {
  sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  /**
   * False for a wrong signature of any kind; never throws on untrusted input. Must refuse S >= L
   * (malleable).
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  publicKey(seed: Uint8Array): Uint8Array;
}

/** The cryptography that core needs and never imports. */
export interface Primitives extends Hasher, Ed25519 {}

/** C2SP signed-note signature type: Ed25519 over the note text. */
export const ED25519_TYPE = 0x01;

/** A public key under a name, as a C2SP vkey states it. */
export interface VerifierKey {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  readonly publicKey: Uint8Array;
}

/** A private key under a name, as golang.org/x/mod/sumdb/note writes it. */
export interface SigningKey extends VerifierKey {
  readonly seed: Uint8Array;
}

/** What makes signatures: a key in memory, or a way to one (another process, a KMS). */
export interface Signer {
  readonly key: VerifierKey;
  /** The 64-byte Ed25519 signature over exactly these bytes. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/**
 * Key and origin names: printable ASCII without space, `+`, `"` and `\`, 1 to 255 characters.
 * Narrower than C2SP (any UTF-8 without spaces and `+`), so that a name reads the same in a note,
 * in a JSON string and in an ordinary terminal.
 */
export function isKeyName(untrusted: unknown): untrusted is string {
  return typeof untrusted === "string" && /^[!#-*,-[\]-~]{1,255}$/.test(untrusted);
}

/**
 * Key id of C2SP signed-note: the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), in
 * hex.
 */
export function computeKeyId(hasher: Hasher, name: string, publicKey: Uint8Array): string {
  const input = concatBytes([utf8(`${name}\n`), Uint8Array.of(ED25519_TYPE), publicKey]);
  return hasher.sha256(input).slice(0, 8);
}

/** The C2SP vkey, `name+keyid+base64(type ‖ public key)`: what a verifier pins. */
export function formatVerifierKey(key: VerifierKey): string {
  const typed = concatBytes([Uint8Array.of(ED25519_TYPE), key.publicKey]);
  return `${key.name}+${key.keyId}+${toBase64(typed)}`;
}

/** Reads a vkey strictly. Throws KEY_MALFORMED, also when the key id does not belong to the key. */
export function parseVerifierKey(hasher: Hasher, untrusted: string): VerifierKey {
  const [, name = "", keyId = "", encoded = ""] =
    /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]*)$/.exec(untrusted) ?? [];
  const publicKey = typedKey(encoded);
  if (!isKeyName(name) || !publicKey || computeKeyId(hasher, name, publicKey) !== keyId) {
    throw new SteleError("KEY_MALFORMED", `not an Ed25519 verifier key: ${quote(untrusted)}`);
  }
  return { name, keyId, publicKey };
}

/** `PRIVATE+KEY+name+keyid+base64(type ‖ seed)`. Secret. */
export function formatSigningKey(key: SigningKey): string {
  const typed = concatBytes([Uint8Array.of(ED25519_TYPE), key.seed]);
  return `PRIVATE+KEY+${key.name}+${key.keyId}+${toBase64(typed)}`;
}

/** Reads a private key strictly. Throws KEY_MALFORMED, without repeating any part of the key. */
export function parseSigningKey(primitives: Primitives, untrusted: string): SigningKey {
  const [, name = "", keyId = "", encoded = ""] =
    /^PRIVATE\+KEY\+([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]*)$/.exec(untrusted) ?? [];
  const seed = typedKey(encoded);
  if (isKeyName(name) && seed) {
    const key = signingKey(primitives, name, seed);
    if (key.keyId === keyId) return key;
  }
  throw new SteleError("KEY_MALFORMED", "not an Ed25519 signing key (PRIVATE+KEY+name+id+key)");
}

/** The signing key of a name and a 32-byte seed. */
export function signingKey(primitives: Primitives, name: string, seed: Uint8Array): SigningKey {
  const publicKey = primitives.publicKey(seed);
  return { name, keyId: computeKeyId(primitives, name, publicKey), publicKey, seed };
}

/** Whether two verifier keys are the same key under the same name. */
export function sameKey(left: VerifierKey, right: VerifierKey): boolean {
  return left.name === right.name && equalBytes(left.publicKey, right.publicKey);
}

/** The four bytes of a key id. */
export function keyIdBytes(keyId: string): Uint8Array {
  const bytes = fromHex(keyId);
  if (bytes?.length !== 4) throw new RangeError(`key id ${toHex(utf8(keyId))}`);
  return bytes;
}

function typedKey(encoded: string): Uint8Array | undefined {
  const typed = fromBase64(encoded);
  return typed?.length === 33 && typed[0] === ED25519_TYPE ? typed.subarray(1) : undefined;
}

function quote(untrusted: string): string {
  return JSON.stringify(untrusted.length > 120 ? `${untrusted.slice(0, 120)}…` : untrusted);
}
