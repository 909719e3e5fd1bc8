const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter.charCodeAt(0), value]));

/** RFC 4648 section 4: the standard alphabet, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(index, index + 3);
    const group = (a << 16) | (b << 8) | c;
    const letters = Math.min(bytes.length - index, 3) + 1;
    for (let place = 0; place < 4; place++) {
      text += place < letters ? ALPHABET.charAt((group >> (18 - 6 * place)) & 63) : "=";
    }
  }
  return text;
}

/**
 * The bytes of canonical base64 (RFC 4648 section 4), or undefined: other alphabets, missing padding, white space and
 * non-zero trailing bits are refused, so that every value has exactly one text.
 */
export function fromBase64(untrusted: string): Uint8Array<ArrayBuffer> | undefined {
  if (untrusted.length % 4 !== 0) return undefined;
  const padding = untrusted.endsWith("==") ? 2 : untrusted.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((untrusted.length / 4) * 3 - padding);
  let bits = 0;
  let count = 0;
  let size = 0;
  for (let index = 0; index < untrusted.length - padding; index++) {
    const value = VALUES.get(untrusted.charCodeAt(index));
    if (value === undefined) return undefined;
    bits = (bits << 6) | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[size++] = bits >> count;
      bits &= (1 << count) - 1;
    }
  }
  return bits === 0 && size === bytes.length ? bytes : undefined;
}
