/**
 * The same text on its own: a part of a text keeps all of it in memory, which may be a record of 64
 * MiB. Half of a character at an end becomes U+FFFD.
 */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}
