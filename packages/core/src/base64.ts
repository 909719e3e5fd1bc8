const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Map(
  Array.from({ length: 64 }, (_, value) => [ALPHABET.charCodeAt(value), value]),
);

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
 * The bytes of canonical base64 (RFC 4648 section 4), or undefined: other alphabets, missing
 * padding, white space and non-zero trailing bits are refused, so that every value has exactly one
 * text.
 */
export function fromBase64(untrusted: string): Uint8Array<ArrayBuffer> | undefined {
  if (untrusted.length % 4 !== 0) return undefined;
  const padding = paddingOf(untrusted);
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

function paddingOf(text: string): number {
  if (text.endsWith("==")) return 2;
  return text.endsWith("=") ? 1 : 0;
}
