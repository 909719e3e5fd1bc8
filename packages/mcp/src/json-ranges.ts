/** Where a value lies in JSON text: `start` inclusive, `end` exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A member of an object: its decoded name, and where its value lies. */
export interface Member extends Range {
  readonly name: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * The members of the object that starts at or after `start`, in order, duplicates included. The
 * text must be JSON that JSON.parse has accepted. Time is linear in the object's size, whatever its
 * depth.
 */
export function objectMembers(json: Buffer, start: number): Member[] {
  const members: Member[] = [];
  let at = skipSpaces(json, skipSpaces(json, start) + 1);
  while (!isCloser(json[at]!)) {
    const nameEnd = skipString(json, at);
    const name = JSON.parse(json.toString("utf8", at, nameEnd)) as string;
    const range = valueRange(json, skipSpaces(json, nameEnd) + 1);
    members.push({ name, ...range });
    at = skipSeparator(json, range.end);
  }
  return members;
}

/** The elements of the array that starts at or after `start`; otherwise as `objectMembers`. */
export function arrayElements(json: Buffer, start: number): Range[] {
  const elements: Range[] = [];
  let at = skipSpaces(json, skipSpaces(json, start) + 1);
  while (!isCloser(json[at]!)) {
    const range = valueRange(json, at);
    elements.push(range);
    at = skipSeparator(json, range.end);
  }
  return elements;
}

function valueRange(json: Buffer, at: number): Range {
  const start = skipSpaces(json, at);
  return { start, end: skipValue(json, start) };
}

function skipSeparator(json: Buffer, at: number): number {
  const next = skipSpaces(json, at);
  return isCloser(json[next]!) ? next : skipSpaces(json, next + 1);
}

function skipSpaces(json: Buffer, at: number): number {
  while (isSpace(json[at]!)) at++;
  return at;
}

function skipValue(json: Buffer, at: number): number {
  const first = json[at]!;
  if (first === QUOTE) return skipString(json, at);
  if (isOpener(first)) return skipContainer(json, at);
  while (at < json.length && !endsScalar(json[at]!)) at++;
  return at;
}

function skipContainer(json: Buffer, at: number): number {
  let depth = 0;
  do {
    const byte = json[at]!;
    if (byte === QUOTE) {
      at = skipString(json, at);
      continue;
    }
    if (isOpener(byte)) depth++;
    else if (isCloser(byte)) depth--;
    at++;
  } while (depth > 0);
  return at;
}

function skipString(json: Buffer, at: number): number {
  for (;;) {
    at = json.indexOf(QUOTE, at + 1);
    let backslashes = 0;
    while (json[at - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

// `[` and `{` differ in one bit, as do `]` and `}`.
function isOpener(byte: number): boolean {
  return (byte | 0x20) === 0x7b;
}

function isCloser(byte: number): boolean {
  return (byte | 0x20) === 0x7d;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || isCloser(byte) || isSpace(byte);
}
