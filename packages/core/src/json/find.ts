import { scanString, scanValue, skipSpaces } from "./scan.ts";

/** The bytes `[start, end)` of a buffer. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const LOOSE = { spaces: true, maxDepth: 2 ** 30 };

// Lenient, since thousands of names that are not UTF-8 would cost as many exceptions.
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * Where the value at a path of member names lies in a JSON document: what JSON.parse and property
 * access would give, to the byte. Escaped names are compared unescaped, and the last of duplicate
 * members counts. Undefined when the document is not one JSON value (any depth, white space
 * allowed) or has no such member. Builds no values: time is linear in the document for each name of
 * the path, memory is flat but for a byte per level of nesting.
 */
export function findJsonValue(bytes: Uint8Array, path: readonly string[]): ByteRange | undefined {
  let start = skipSpaces(bytes, 0, bytes.length);
  let end = scanValue(bytes, start, bytes.length, LOOSE);
  if (end < 0 || skipSpaces(bytes, end, bytes.length) !== bytes.length) return undefined;
  for (const name of path) {
    start = findMember(bytes, start, name);
    if (start === -1) return undefined;
    end = scanValue(bytes, start, bytes.length, LOOSE);
  }
  return { start, end };
}

/** Where the member's value starts, or -1. The value at `start` is known to be well-formed. */
function findMember(bytes: Uint8Array, start: number, name: string): number {
  if (bytes[start] !== OPEN_BRACE) return -1;
  let found = -1;
  let at = skip(bytes, start + 1);
  while (bytes[at] === QUOTE) {
    const nameEnd = scanString(bytes, at, bytes.length);
    const value = skip(bytes, skip(bytes, nameEnd) + 1);
    if (isString(bytes.subarray(at, nameEnd), name)) found = value;
    at = skip(bytes, scanValue(bytes, value, bytes.length, LOOSE));
    if (bytes[at] === COMMA) at = skip(bytes, at + 1);
  }
  return found;
}

function skip(bytes: Uint8Array, at: number): number {
  return skipSpaces(bytes, at, bytes.length);
}

/** Whether the token, a well-formed JSON string, spells `wanted`. */
function isString(token: Uint8Array, wanted: string): boolean {
  return JSON.parse(decoder.decode(token)) === wanted;
}
