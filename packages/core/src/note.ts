import { fromBase64, toBase64 } from "./base64.ts";
import { concatBytes, decodeUtf8, toHex, utf8 } from "./bytes.ts";
import { SteleError } from "./error.ts";
import { isSignedBy, keyIdBytes, type Primitives, type VerifierKey } from "./key.ts";

/** A C2SP signed note, parsed but not verified. */
export interface Note {
  /** What is signed: everything up to and including the newline before the blank line. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** One signature line: `— name base64(key id ‖ signature)`. */
export interface NoteSignature {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** Larger notes are refused before they are looked at, as golang.org/x/mod/sumdb/note does. */
export const MAX_NOTE_BYTES = 1_000_000;
/** More signature lines than this are refused. */
export const MAX_NOTE_SIGNATURES = 100;

const SIGNATURE_LINE = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/u;

/** One signature line, with its newline. */
export function formatSignatureLine(key: VerifierKey, signature: Uint8Array): string {
  const encoded = toBase64(concatBytes([keyIdBytes(key.keyId), signature]));
  return `\u2014 ${key.name} ${encoded}\n`;
}

/** Reads a signed note strictly (C2SP signed-note v1). Throws NOTE_MALFORMED. Verifies nothing. */
export function parseNote(untrusted: Uint8Array): Note {
  if (untrusted.length > MAX_NOTE_BYTES) throw malformed(`larger than ${MAX_NOTE_BYTES} bytes`);
  const whole = decodeUtf8(untrusted);
  if (whole === undefined) throw malformed("not UTF-8");
  // eslint-disable-next-line no-control-regex -- the note format bans exactly these
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw malformed("control character");
  const split = whole.lastIndexOf("\n\n");
  if (split < 0 || !whole.endsWith("\n")) throw malformed("no blank line before the signatures");
  const lines = whole.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_NOTE_SIGNATURES) throw malformed("too many signatures");
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignatureLine) };
}

/**
 * The signatures of `key` on the note: all of them verified. Throws NOTE_UNVERIFIED when there is
 * none, or when one that claims to be by this key is wrong; signatures by other keys are ignored
 * (C2SP signed-note).
 */
export function verifyNote(primitives: Primitives, note: Note, key: VerifierKey): void {
  const claimed = note.signatures.filter(
    (line) => line.name === key.name && line.keyId === key.keyId,
  );
  const message = utf8(note.text);
  const good = claimed.every(({ signature }) => isSignedBy(primitives, key, message, signature));
  if (claimed.length === 0 || !good) {
    throw new SteleError("NOTE_UNVERIFIED", `no valid signature by ${key.name}+${key.keyId}`);
  }
}

function parseSignatureLine(line: string): NoteSignature {
  const [, name = "", encoded = ""] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = fromBase64(encoded);
  if (!isNoteName(name) || !bytes || bytes.length < 5) throw malformed("bad signature line");
  return { name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

/**
 * C2SP: non-empty, no Unicode space, no plus. Go's unicode.IsSpace has U+0085, which \s lacks; \s
 * has U+FEFF.
 */
function isNoteName(name: string): boolean {
  return name !== "" && !/[+\s\u0085]/u.test(name.replaceAll("\ufeff", ""));
}

function malformed(reason: string): SteleError {
  return new SteleError("NOTE_MALFORMED", `not a signed note: ${reason}`);
}
