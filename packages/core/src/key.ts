import { fromBase64, toBase64 } from "./base64.ts";
import { concatBytes, equalBytes, fromHex, matchesSecret, toHex, utf8 } from "./bytes.ts";
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

/**
 * What a key does: `ed25519` signs a note's text; `cosignature` states that a checkpoint was seen
 * at a time, as witnesses do; `hmac-sha256` is a secret, so whoever can check can also forge.
 */
export type KeyType = "ed25519" | "cosignature" | "hmac-sha256";

/**
 * The signature type of C2SP signed-note that a key id and an encoded key begin with. 0xff is for
 * everybody's own, followed by a name.
 */
const TYPE_BYTES: Readonly<Record<KeyType, Uint8Array>> = {
  ed25519: Uint8Array.of(0x01),
  cosignature: Uint8Array.of(0x04),
  "hmac-sha256": concatBytes([Uint8Array.of(0xff), utf8("stele-hmac-sha256")]),
};

/** A public key under a name, as a C2SP vkey states it. */
export interface VerifierKey {
  readonly type: KeyType;
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** 32 bytes. Of an HMAC key, which has no public half, a fingerprint that tells it from others. */
  readonly publicKey: Uint8Array;
  /** An HMAC key's secret, without which it verifies nothing. */
  readonly secret?: Uint8Array;
}

/** A private key under a name, as golang.org/x/mod/sumdb/note writes it. */
export interface SigningKey extends VerifierKey {
  /** 32 bytes; of an HMAC key the secret itself. */
  readonly seed: Uint8Array;
}

/** What makes signatures: a key in memory, or a way to one (another process, a KMS). */
export interface Signer {
  readonly key: VerifierKey;
  /** The signature over exactly these bytes: 64 of Ed25519, or 32 of HMAC-SHA-256. */
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

/** The key of this type under a name: its id is the first half of a hash (C2SP signed-note). */
export function verifierKey(
  hasher: Hasher,
  name: string,
  publicKey: Uint8Array,
  type: KeyType = "ed25519",
): VerifierKey {
  const input = concatBytes([utf8(`${name}\n`), TYPE_BYTES[type], publicKey]);
  return { type, name, keyId: hasher.sha256(input).slice(0, 8), publicKey };
}

/** The C2SP vkey, `name+keyid+base64(type ‖ public key)`: what a verifier pins. */
export function formatVerifierKey(key: VerifierKey): string {
  const typed = concatBytes([TYPE_BYTES[key.type], key.publicKey]);
  return `${key.name}+${key.keyId}+${toBase64(typed)}`;
}

/**
 * Reads a vkey of one of the types strictly; by default of those that seal journals. Throws
 * KEY_MALFORMED, also when the key id does not belong to the key.
 */
export function parseVerifierKey(
  hasher: Hasher,
  untrusted: string,
  types: readonly KeyType[] = SEALING,
): VerifierKey {
  const [, name = "", keyId = "", encoded = ""] =
    /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]*)$/.exec(untrusted) ?? [];
  const typed = typedKey(encoded, types);
  const key = typed && isKeyName(name) && verifierKey(hasher, name, typed.bytes, typed.type);
  if (key && key.keyId === keyId) return key;
  throw new SteleError("KEY_MALFORMED", `no ${wanted(types)} verifier key: ${quote(untrusted)}`);
}

/** `PRIVATE+KEY+name+keyid+base64(type ‖ seed)`. Secret. */
export function formatSigningKey(key: SigningKey): string {
  const typed = concatBytes([TYPE_BYTES[key.type], key.seed]);
  return `PRIVATE+KEY+${key.name}+${key.keyId}+${toBase64(typed)}`;
}

/**
 * Reads a private key of one of the types strictly; by default of those that seal journals. Throws
 * KEY_MALFORMED, without repeating any part of the key.
 */
export function parseSigningKey(
  primitives: Primitives,
  untrusted: string,
  types: readonly KeyType[] = SEALING,
): SigningKey {
  const [, name = "", keyId = "", encoded = ""] =
    /^PRIVATE\+KEY\+([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]*)$/.exec(untrusted) ?? [];
  const typed = typedKey(encoded, types);
  const key = typed && isKeyName(name) && signingKey(primitives, name, typed.bytes, typed.type);
  if (key && key.keyId === keyId) return key;
  const message = `no ${wanted(types)} signing key (PRIVATE+KEY+name+id+key)`;
  throw new SteleError("KEY_MALFORMED", message);
}

/** The signing key of a name and a 32-byte seed. */
export function signingKey(
  primitives: Primitives,
  name: string,
  seed: Uint8Array,
  type: KeyType = "ed25519",
): SigningKey {
  if (type !== "hmac-sha256") {
    return { ...verifierKey(primitives, name, primitives.publicKey(seed), type), seed };
  }
  const fingerprint = fromHex(primitives.hmacSha256(seed, [utf8("stele/hmac-key-id/v1")]))!;
  return { ...verifierKey(primitives, name, fingerprint, type), seed, secret: seed };
}

/** The key's signature over exactly these bytes: 64 of Ed25519, or 32 of HMAC-SHA-256. */
export function signWith(primitives: Primitives, key: SigningKey, message: Uint8Array): Uint8Array {
  if (key.type !== "hmac-sha256") return primitives.sign(key.seed, message);
  return fromHex(primitives.hmacSha256(key.seed, [message]))!;
}

/**
 * Whether it is the key's signature over exactly these bytes; never throws on untrusted bytes. An
 * HMAC key without its secret verifies nothing.
 */
export function isSignedBy(
  primitives: Primitives,
  key: VerifierKey,
  message: Uint8Array,
  untrusted: Uint8Array,
): boolean {
  if (key.type !== "hmac-sha256") {
    return untrusted.length === 64 && primitives.verify(key.publicKey, message, untrusted);
  }
  if (!key.secret || untrusted.length !== 32) return false;
  return matchesSecret(utf8(toHex(untrusted)), 0, primitives.hmacSha256(key.secret, [message]));
}

/** Whether two verifier keys are the same key under the same name. */
export function sameKey(left: VerifierKey, right: VerifierKey): boolean {
  const { type, name, publicKey } = left;
  return type === right.type && name === right.name && equalBytes(publicKey, right.publicKey);
}

/** The four bytes of a key id. */
export function keyIdBytes(keyId: string): Uint8Array {
  const bytes = fromHex(keyId);
  if (bytes?.length !== 4) throw new RangeError(`key id ${toHex(utf8(keyId))}`);
  return bytes;
}

/** The types of keys that a journal's seals are made with. */
const SEALING: readonly KeyType[] = ["ed25519", "hmac-sha256"];

function typedKey(
  encoded: string,
  types: readonly KeyType[],
): { readonly type: KeyType; readonly bytes: Uint8Array } | undefined {
  const bytes = fromBase64(encoded);
  for (const type of types) {
    const prefix = TYPE_BYTES[type];
    const fits = bytes?.length === prefix.length + 32;
    if (fits && equalBytes(bytes.subarray(0, prefix.length), prefix)) {
      return { type, bytes: bytes.subarray(prefix.length) };
    }
  }
  return undefined;
}

const NAMES: Readonly<Record<KeyType, string>> = {
  ed25519: "Ed25519",
  cosignature: "cosignature",
  "hmac-sha256": "HMAC",
};

function wanted(types: readonly KeyType[]): string {
  return types.map((type) => NAMES[type]).join(" or ");
}

function quote(untrusted: string): string {
  return JSON.stringify(untrusted.length > 120 ? `${untrusted.slice(0, 120)}…` : untrusted);
}
