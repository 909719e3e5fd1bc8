const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SMALL_D = 0x64;
const SMALL_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** Or 0x20 makes an ASCII letter small. */
const SMALL = 0x20;

/** The reader of whole lines takes so many objects and arrays within the line's own object. */
const MAX_DEPTH = 127;
const MAX_NAMES = 256;
/** FNV-1a. */
const HASH_START = 0x811c9dc5;
const HASH_FACTOR = 0x01000193;

const isObject = new Uint8Array(MAX_DEPTH + 1);
/** Of each open object, where its names begin in `names`. */
const namesFrom = new Uint16Array(MAX_DEPTH + 1);
/** Hashes of the names of all open objects, outermost first. */
const names = new Int32Array(MAX_NAMES);

/**
 * Whether every reader reads the same in compact JSON whose grammar was checked: no name twice in
 * an object, no half of a character, not too deep. False means perhaps not: a slower reader
 * decides. One pass, no allocation.
 */
export function isSurelyUnambiguous(bytes: Uint8Array, start: number, end: number): boolean {
  let depth = 0;
  let count = 0;
  let isName = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      if (!isName) {
        at = skipText(bytes, at + 1);
        if (at < 0) return false;
        continue;
      }
      let hash = HASH_START;
      for (at++; bytes[at] !== QUOTE; at++) {
        if (bytes[at] === BACKSLASH) return false;
        hash = Math.imul(hash ^ bytes[at]!, HASH_FACTOR);
      }
      if (count === MAX_NAMES) return false;
      for (let other = namesFrom[depth]!; other < count; other++) {
        if (names[other] === hash) return false;
      }
      names[count++] = hash;
    } else if (byte === COLON) isName = false;
    else if (byte === COMMA) isName = isObject[depth] === 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === MAX_DEPTH) return false;
      depth++;
      isName = byte === OPEN_BRACE;
      isObject[depth] = isName ? 1 : 0;
      namesFrom[depth] = count;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      count = namesFrom[depth]!;
      depth--;
    }
  }
  return true;
}

/** The closing quote of the text at `start`; -1 when it may hold half a character. */
function skipText(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) {
      at++;
      if (bytes[at] === SMALL_U && (bytes[at + 1]! | SMALL) === SMALL_D) return -1;
    }
    at++;
  }
}
