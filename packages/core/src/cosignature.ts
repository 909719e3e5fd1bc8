import { concatBytes, utf8 } from "./bytes.ts";
import { SteleError } from "./error.ts";
import { isSignedBy, signWith, type Primitives, type SigningKey, type VerifierKey } from "./key.ts";
import { formatSignatureLine, type Note } from "./note.ts";

/** That a witness had seen a checkpoint, and no larger one of its origin, at a time. */
export interface Cosignature {
  readonly key: VerifierKey;
  /** Seconds since 1970-01-01T00:00:00Z by the witness's clock, up to 2^53 - 1. */
  readonly timestamp: number;
}

/** What comes before the 64 bytes of Ed25519. */
const TIMESTAMP_BYTES = 8;

/**
 * The witness's signature line under a checkpoint's text, with its newline (C2SP tlog-cosignature,
 * Ed25519). Throws RangeError for a key of another type, or a time that is no whole number of
 * seconds from 0 to 2^53 - 1.
 */
export function cosign(
  primitives: Primitives,
  key: SigningKey,
  noteText: string,
  timestampSeconds: number,
): string {
  if (key.type !== "cosignature") throw new RangeError(`a key of type ${key.type}`);
  const time = formatTimestamp(timestampSeconds);
  const signature = signWith(primitives, key, signedMessage(noteText, timestampSeconds));
  return formatSignatureLine(key, concatBytes([time, signature]));
}

/**
 * The cosignatures of these keys on the note: all of them verified, one for each key that has any,
 * the latest; in the order of the keys. Signatures by other keys are ignored, as is the note's own.
 * Throws NOTE_UNVERIFIED when one that claims to be by a key of these is wrong or its time is above
 * 2^53 - 1. Whether a time is plausible is the caller's to judge.
 */
export function verifyCosignatures(
  primitives: Primitives,
  note: Note,
  keys: readonly VerifierKey[],
): readonly Cosignature[] {
  return keys.flatMap((key) => {
    const claimed = note.signatures.filter(
      ({ name, keyId }) => name === key.name && keyId === key.keyId,
    );
    if (claimed.length === 0) return [];
    const times = claimed.map(({ signature }) => verifiedTime(primitives, key, note, signature));
    return [{ key, timestamp: Math.max(...times) }];
  });
}

function verifiedTime(
  primitives: Primitives,
  key: VerifierKey,
  note: Note,
  untrusted: Uint8Array,
): number {
  const timestamp = parseTimestamp(untrusted.subarray(0, TIMESTAMP_BYTES));
  const signature = untrusted.subarray(TIMESTAMP_BYTES);
  const isTheirs =
    key.type === "cosignature" &&
    timestamp !== undefined &&
    isSignedBy(primitives, key, signedMessage(note.text, timestamp), signature);
  if (isTheirs) return timestamp;
  throw new SteleError("NOTE_UNVERIFIED", `no valid cosignature by ${key.name}+${key.keyId}`);
}

function signedMessage(noteText: string, timestampSeconds: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timestampSeconds}\n${noteText}`);
}

/** 8 bytes, the most significant first. */
function formatTimestamp(seconds: number): Uint8Array {
  if (!Number.isSafeInteger(seconds) || seconds < 0) throw new RangeError(`time ${seconds}`);
  const bytes = new Uint8Array(TIMESTAMP_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seconds));
  return bytes;
}

function parseTimestamp(untrusted: Uint8Array): number | undefined {
  if (untrusted.length !== TIMESTAMP_BYTES) return undefined;
  const view = new DataView(untrusted.buffer, untrusted.byteOffset, untrusted.byteLength);
  const seconds = Number(view.getBigUint64(0));
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}
