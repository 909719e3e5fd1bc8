/** What a scan accepts besides the grammar. */
export interface ScanRules {
  /** Whether white space may stand between tokens. */
  readonly spaces: boolean;
  /** How many objects and arrays may lie in each other. */
  readonly maxDepth: number;
}

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

/** The closing brackets that are due, outermost first. A deeper scan takes an array of its own. */
const SHALLOW = new Uint8Array(256);

/** What a scan returns, instead of an offset, when `offset` is wrong: negative, its own inverse. */
export function wrongAt(offset: number): number {
  return -1 - offset;
}

/**
 * Scans the JSON value (RFC 8259) at `start`. Returns the offset behind it, or `wrongAt` the first
 * byte that cannot continue a JSON text: `end` when the value is cut short. Linear, no recursion;
 * allocates nothing down to depth 256, then a byte per level. Blind to UTF-8 validity, duplicate
 * names and the size of numbers.
 */
export function scanValue(bytes: Uint8Array, start: number, end: number, rules: ScanRules): number {
  const { spaces, maxDepth } = rules;
  let waiting = SHALLOW;
  let depth = 0;
  let closer = 0;
  let at = start;
  for (;;) {
    if (spaces) at = skipSpaces(bytes, at, end);
    if (at >= end) return wrongAt(end);
    const byte = bytes[at]!;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === maxDepth) return wrongAt(at);
      if (depth === waiting.length) waiting = doubled(waiting);
      waiting[depth++] = closer;
      closer = byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
      at++;
      if (spaces) at = skipSpaces(bytes, at, end);
      if (at === end || bytes[at] !== closer) {
        if (byte === OPEN_BRACE) at = scanName(bytes, at, end, spaces);
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
      if (spaces) at = skipSpaces(bytes, at, end);
      if (at >= end) return wrongAt(end);
      const next = bytes[at]!;
      if (next === COMMA) break;
      if (next !== closer) return wrongAt(at);
      closer = waiting[--depth]!;
      at++;
    }
    at++;
    if (closer === CLOSE_BRACE) at = scanName(bytes, at, end, spaces);
    if (at < 0) return at;
  }
}

/** The offset of the first byte from `start` on that is not white space, or `end`. */
export function skipSpaces(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(bytes[at]!)) at++;
  return at;
}

/** Scans the string whose opening quote is at `start`. Returns as `scanValue`. */
export function scanString(bytes: Uint8Array, start: number, end: number): number {
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
function scanName(bytes: Uint8Array, start: number, end: number, spaces: boolean): number {
  let at = spaces ? skipSpaces(bytes, start, end) : start;
  if (at >= end || bytes[at] !== QUOTE) return wrongAt(at);
  at = scanString(bytes, at, end);
  if (at < 0) return at;
  if (spaces) at = skipSpaces(bytes, at, end);
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

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function doubled(waiting: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * waiting.length);
  larger.set(waiting);
  return larger;
}

function bytesThat(belong: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (belong(byte) ? 1 : 0));
}
