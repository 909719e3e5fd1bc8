// Words and tokens: what text is searched by, and the short names under which the index keeps it.

const ASCII = /^[\u0000-\u007f]*$/; // oxlint-disable-line no-control-regex -- the whole of ASCII
const ASCII_WORDS = /[a-z0-9]+/g;
const MARKS = /\p{M}/gu;
// Scripts that put no space between words are searched by letters.
const WORDS =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]|[[\p{L}\p{N}]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]]+/gv;

/**
 * The words of a text, as they are searched: runs of letters and digits, lower case, without
 * accents; single letters of Chinese and Japanese.
 */
export function wordsOf(text: string): readonly string[] {
  if (ASCII.test(text)) return text.toLowerCase().match(ASCII_WORDS) ?? [];
  const plain = text.normalize("NFKD").replaceAll(MARKS, "").toLowerCase();
  return plain.normalize("NFKC").match(WORDS) ?? [];
}

/** All tokens are of this length. */
export const TOKEN_LENGTH = 11;

/** What a token stands for: its first letter. */
export type TokenKind =
  | "agent"
  | "id"
  | "model"
  | "parent"
  | "provider"
  | "session"
  | "tool"
  | "type"
  | "typePrefix"
  | "verdict"
  | "word";

const LETTERS: Readonly<Record<TokenKind, string>> = {
  agent: "a",
  id: "i",
  model: "m",
  parent: "p",
  provider: "v",
  session: "s",
  tool: "o",
  type: "t",
  typePrefix: "x",
  verdict: "d",
  word: "w",
};

/** All numbers of 15 bits, as three of the 36 letters that tokens are made of. */
const TRIPLES = Array.from({ length: 2 ** 15 }, (_, bits) => bits.toString(36).padStart(3, "0"));
const SINGLES = Array.from({ length: 2 ** 5 }, (_, bits) => bits.toString(36));

/**
 * The token of a value: a letter and 50 bits of hash. Two values may share one: whoever finds an
 * entry by its token reads the entry, and looks. Two 32-bit multiplicative hashes, mixed: fast, and
 * no secret that anybody could need.
 */
export function token(kind: TokenKind, text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  const [low, middle, high] = [a & 0x7fff, (a >>> 15) & 0x7fff, b & 0x7fff];
  return LETTERS[kind] + TRIPLES[low]! + TRIPLES[middle]! + TRIPLES[high]! + SINGLES[b >>> 27]!;
}
