import { DEPTH_MARGIN, MAX_DEPTH } from "./depth.ts";

// Not exported: V8 folds a module's own constants into the loops, but reads exported ones each
// time, which makes the whole scan a tenth slower.
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;

const PLAIN = bytesThat((byte) => byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH);
const HEX_DIGIT = bytesThat((byte) => /[0-9A-Fa-f]/.test(String.fromCharCode(byte)));
const ESCAPED = bytesThat((byte) => '"\\/bfnrt'.includes(String.fromCharCode(byte)));

/** How many objects and arrays may lie in each other. */
const MAX_NESTING = MAX_DEPTH + DEPTH_MARGIN;
/** The closing brackets that are due, outermost first. */
const waiting = new Uint8Array(MAX_NESTING);

/** What a scan returns, instead of an offset, when `offset` is wrong: negative, its own inverse. */
export function wrongAt(offset: number): number {
  return -1 - offset;
}

/**
 * Scans the JSON value (RFC 8259) at `start`. Returns the offset behind it, or `wrongAt` the first
 * byte that cannot continue a JSON text without white space between its tokens: `end` when the
 * value is cut short. Linear, no recursion, no allocation. Blind to UTF-8 validity, duplicate names
 * and the size of numbers.
 */
export function scanValue(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  let closer = 0;
  let at = start;
  for (;;) {
    if (at >= end) return wrongAt(end);
    const byte = bytes[at]!;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === MAX_NESTING) return wrongAt(at);
      waiting[depth++] = closer;
      closer = byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
      at++;
      if (at === end || bytes[at] !== closer) {
        if (byte === OPEN_BRACE) at = scanName(bytes, at, end);
        if (at < 0) return at;
        continue;
      }
    } else {
      at = byte === QUOTE ? scanString(bytes, at, end) : scanScalar(bytes, at, end);
      if (at < 0) return at;
    }
    // Behind a value: everything that ends here ends, then another value may follow.
    for (;;) {
      if (depth === 0) return at;
      if (at >= end) return wrongAt(end);
      const next = bytes[at]!;
      if (next === COMMA) break;
      if (next !== closer) return wrongAt(at);
      closer = waiting[--depth]!;
      at++;
    }
    at++;
    if (closer === CLOSE_BRACE) at = scanName(bytes, at, end);
    if (at < 0) return at;
  }
}

/** Scans the string whose opening quote is at `start`. Returns as `scanValue`. */
function scanString(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  if (at >= end) return wrongAt(end);
  for (;;) {
    // Verification spends most of its time here. Written as `while (at < end && …) at++` it takes
    // a quarter longer.
    let byte = bytes[at]!;
    while (PLAIN[byte] === 1) {
      if (++at >= end) return wrongAt(end);
      byte = bytes[at]!;
    }
    if (byte === QUOTE) return at + 1;
    if (byte !== BACKSLASH) return wrongAt(at);
    at = scanEscape(bytes, at + 1, end);
    if (at < 0) return at;
    if (at >= end) return wrongAt(end);
  }
}

/** A member's name with its colon. */
function scanName(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || bytes[start] !== QUOTE) return wrongAt(start);
  const at = scanString(bytes, start, end);
  if (at < 0) return at;
  return at < end && bytes[at] === COLON ? at + 1 : wrongAt(at);
}

/** What follows the backslash. */
function scanEscape(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return wrongAt(end);
  const byte = bytes[at]!;
  if (ESCAPED[byte] === 1) return at + 1;
  if (byte !== 0x75) return wrongAt(at);
  for (let index = at + 1; index <= at + 4; index++) {
    if (index >= end || HEX_DIGIT[bytes[index]!] === 0) return wrongAt(index);
  }
  return at + 5;
}

function scanScalar(bytes: Uint8Array, at: number, end: number): number {
  switch (bytes[at]!) {
    case 0x74:
      return scanWord(bytes, at, end, "true");
    case 0x66:
      return scanWord(bytes, at, end, "false");
    case 0x6e:
      return scanWord(bytes, at, end, "null");
    default:
      return scanNumber(bytes, at, end);
  }
}

function scanWord(bytes: Uint8Array, start: number, end: number, word: string): number {
  const wordEnd = start + word.length;
  for (let at = start; at < wordEnd; at++) {
    if (at >= end || bytes[at] !== word.charCodeAt(at - start)) return wrongAt(at);
  }
  return wordEnd;
}

function scanNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (at < end && bytes[at] === 0x2d) at++;
  if (at < end && bytes[at] === ZERO) at++;
  else at = scanDigits(bytes, at, end);
  if (at >= 0 && at < end && bytes[at] === 0x2e) at = scanDigits(bytes, at + 1, end);
  if (at >= 0 && at < end && (bytes[at]! | 0x20) === 0x65) at = scanExponent(bytes, at + 1, end);
  return at;
}

function scanExponent(bytes: Uint8Array, at: number, end: number): number {
  const signed = at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d);
  return scanDigits(bytes, signed ? at + 1 : at, end);
}

/** One digit or more. */
function scanDigits(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || !isDigit(bytes[start]!)) return wrongAt(start);
  let at = start + 1;
  while (at < end && isDigit(bytes[at]!)) at++;
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function bytesThat(belong: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (belong(byte) ? 1 : 0));
}
