const encoder = new TextEncoder();
// Without ignoreBOM a leading BOM would vanish from what was signed.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 of the text; a lone surrogate becomes U+FFFD. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The text of valid UTF-8, byte order mark kept; undefined when the bytes are not UTF-8. */
export function decodeUtf8(untrusted: Uint8Array): string | undefined {
  try {
    return decoder.decode(untrusted);
  } catch {
    return undefined;
  }
}

/** Whether the bytes at `start` are exactly this ASCII text. */
export function matchesAscii(bytes: Uint8Array, start: number, ascii: string): boolean {
  for (let index = 0; index < ascii.length; index++) {
    if (bytes[start + index] !== ascii.charCodeAt(index)) return false;
  }
  return true;
}

/**
 * As `matchesAscii`, in a time that depends on the lengths alone: for what only the holder of a
 * secret key can compute.
 */
export function matchesSecret(bytes: Uint8Array, start: number, ascii: string): boolean {
  if (bytes.length - start < ascii.length) return false;
  let differing = 0;
  for (let index = 0; index < ascii.length; index++) {
    differing |= bytes[start + index]! ^ ascii.charCodeAt(index);
  }
  return differing === 0;
}

const HEX = "0123456789abcdef";

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  return text;
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x61 + 10 : -1;
}

/** The bytes of lower-case hex, or undefined when the text is anything else. */
export function fromHex(untrusted: string): Uint8Array<ArrayBuffer> | undefined {
  if (untrusted.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(untrusted.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    const high = digitOf(untrusted.charCodeAt(2 * index));
    const low = digitOf(untrusted.charCodeAt(2 * index + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[index] = 16 * high + low;
  }
  return bytes;
}

/** The concatenation of the parts. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sizeBytes, part) => sizeBytes + part.length, 0));
  let offsetBytes = 0;
  for (const part of parts) {
    whole.set(part, offsetBytes);
    offsetBytes += part.length;
  }
  return whole;
}

/** Byte-wise equality. Not constant-time: for public values only. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
