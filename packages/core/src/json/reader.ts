import type { SteleError } from "../error.ts";
import { isExactNumber } from "./number.ts";
import { clipped, codePointName, jsonError, unexpected } from "./position.ts";

/** What a JSON text can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** A JSON text that was read. */
export interface ParsedJson {
  readonly value: JsonValue;
  /** The same text, token by token as it came, without the white space between them. */
  readonly text: string;
}

const END = -1;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const SMALL_E = 0x65;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const ESCAPED = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** Without an exponent so few characters hold 15 digits at most, and those any double keeps. */
const SURELY_EXACT_LENGTH = 15;

/** One reading of one text, by recursive descent; the rules are those of `parseJson`. */
export class Reader {
  readonly #text: string;
  readonly #inexactAsString: boolean;
  readonly #maxDepth: number;
  #at = 0;
  /** The compact form of the text before `#copied`. */
  #compact = "";
  #copied = 0;

  constructor(text: string, inexactAsString: boolean, maxDepth: number) {
    this.#text = text;
    this.#inexactAsString = inexactAsString;
    this.#maxDepth = maxDepth;
  }

  /** To be called once. */
  read(): ParsedJson {
    const value = this.#value(0);
    if (this.#next() !== END) throw this.#unexpected("the end of the text", this.#at);
    return { value, text: this.#compact + this.#text.slice(this.#copied) };
  }

  #value(depth: number): JsonValue {
    switch (this.#next()) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#object(depth + 1);
      case OPEN_BRACKET:
        return this.#array(depth + 1);
      case 0x74:
        return this.#word("true", true);
      case 0x66:
        return this.#word("false", false);
      case 0x6e:
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonValue {
    const object: Record<string, JsonValue> = {};
    this.#open(depth);
    if (this.#next() === CLOSE_BRACE) {
      this.#at++;
      return object;
    }
    do setMember(object, this.#name(object), this.#value(depth));
    while (this.#more(CLOSE_BRACE));
    return object;
  }

  #array(depth: number): JsonValue {
    const array: JsonValue[] = [];
    this.#open(depth);
    if (this.#next() === CLOSE_BRACKET) {
      this.#at++;
      return array;
    }
    do array.push(this.#value(depth));
    while (this.#more(CLOSE_BRACKET));
    return array;
  }

  #open(depth: number): void {
    if (depth > this.#maxDepth) {
      const problem = `more than ${this.#maxDepth} objects and arrays in each other`;
      throw jsonError("JSON_TOO_DEEP", problem, this.#text, this.#at);
    }
    this.#at++;
  }

  /** Behind a member or element: steps over a comma (true) or the closing bracket (false). */
  #more(closer: number): boolean {
    const code = this.#next();
    if (code !== COMMA && code !== closer) {
      throw this.#unexpected(`"," or "${String.fromCharCode(closer)}"`, this.#at);
    }
    this.#at++;
    return code === COMMA;
  }

  /** A member's name with its colon. */
  #name(object: object): string {
    if (this.#next() !== QUOTE) throw this.#unexpected("a name in double quotes", this.#at);
    const start = this.#at;
    const name = this.#string();
    if (Object.hasOwn(object, name)) {
      const problem = `a second member with the name ${clipped(JSON.stringify(name))}`;
      throw jsonError("JSON_DUPLICATE_KEY", problem, this.#text, start);
    }
    if (this.#next() !== COLON) throw this.#unexpected('":"', this.#at);
    this.#at++;
    return name;
  }

  #string(): string {
    let start = this.#at + 1;
    let end = this.#plainEnd(start);
    let value = this.#text.slice(start, end);
    while (this.#text.charCodeAt(end) === BACKSLASH) {
      value += this.#escape(end);
      start = this.#at;
      end = this.#plainEnd(start);
      value += this.#text.slice(start, end);
    }
    this.#at = end + 1;
    return value;
  }

  /** The offset of the first quote or backslash; what lies before it stands for itself. */
  #plainEnd(start: number): number {
    const text = this.#text;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE || code === BACKSLASH) return at;
      if (code < 0x20) throw this.#unexpected("an escape for this control character", at);
      if (isSurrogate(code)) {
        if (!isPair(code, text.charCodeAt(at + 1))) throw this.#loneSurrogate(code, at);
        at++;
      }
    }
    throw this.#unexpected("the string's closing quote", text.length);
  }

  /** The character that the escape at `at` stands for; leaves `#at` behind it. */
  #escape(at: number): string {
    const letter = this.#text.charAt(at + 1);
    if (letter === "u") return this.#unicodeEscape(at);
    const character = ESCAPED.get(letter);
    if (character === undefined) throw this.#unexpected('one of "\\/bfnrtu', at + 1);
    this.#at = at + 2;
    return character;
  }

  #unicodeEscape(at: number): string {
    const unit = this.#hexadecimal(at + 2);
    this.#at = at + 6;
    if (!isSurrogate(unit)) return String.fromCharCode(unit);
    const low = this.#text.startsWith("\\u", at + 6) ? this.#hexadecimal(at + 8) : 0;
    if (!isPair(unit, low)) throw this.#loneSurrogate(unit, at);
    this.#at = at + 12;
    return String.fromCharCode(unit, low);
  }

  #hexadecimal(start: number): number {
    for (let at = start; at < start + 4; at++) {
      if (!/^[0-9a-f]$/i.test(this.#text.charAt(at))) {
        throw this.#unexpected("a hexadecimal digit", at);
      }
    }
    return Number.parseInt(this.#text.slice(start, start + 4), 16);
  }

  #number(): number | string {
    const start = this.#at;
    const hasExponent = this.#skipNumber();
    const token = this.#text.slice(start, this.#at);
    const value = Number(token);
    if (!hasExponent && token.length <= SURELY_EXACT_LENGTH) return value;
    if (isExactNumber(token, value)) return value;
    if (!this.#inexactAsString) {
      const problem = `the number ${clipped(token)} would become ${value} in a double`;
      throw jsonError("JSON_NUMBER_INEXACT", problem, this.#text, start);
    }
    this.#compact += `${this.#text.slice(this.#copied, start)}"${token}"`;
    this.#copied = this.#at;
    return token;
  }

  /** Steps over a number and says whether it has an exponent. */
  #skipNumber(): boolean {
    const start = this.#at;
    if (this.#code() === MINUS) this.#at++;
    if (this.#code() === ZERO) this.#at++;
    else this.#skipDigits(this.#at === start ? "a value" : "a digit");
    if (this.#code() === POINT) {
      this.#at++;
      this.#skipDigits("a digit");
    }
    if ((this.#code() | 0x20) !== SMALL_E) return false;
    this.#at++;
    if (this.#code() === PLUS || this.#code() === MINUS) this.#at++;
    this.#skipDigits("a digit");
    return true;
  }

  /** One digit or more. */
  #skipDigits(expected: string): void {
    if (!isDigit(this.#code())) throw this.#unexpected(expected, this.#at);
    while (isDigit(this.#code())) this.#at++;
  }

  #word<Value>(word: string, value: Value): Value {
    for (let index = 0; index < word.length; index++, this.#at++) {
      if (this.#code() !== word.charCodeAt(index)) throw this.#unexpected(word, this.#at);
    }
    return value;
  }

  /** The first code of the next token, or END. Keeps white space out of the compact text. */
  #next(): number {
    if (!isSpace(this.#code())) return this.#code();
    this.#compact += this.#text.slice(this.#copied, this.#at);
    while (isSpace(this.#code())) this.#at++;
    this.#copied = this.#at;
    return this.#code();
  }

  #code(): number {
    return this.#at < this.#text.length ? this.#text.charCodeAt(this.#at) : END;
  }

  #unexpected(expected: string, offset: number): SteleError {
    return unexpected(expected, this.#text, offset);
  }

  #loneSurrogate(unit: number, offset: number): SteleError {
    const problem = `${codePointName(unit)} without the other half of its pair`;
    return jsonError("JSON_LONE_SURROGATE", problem, this.#text, offset);
  }
}

// Assigning to `__proto__` would set the prototype.
function setMember(object: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name === "__proto__") {
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(object, name, property);
  } else {
    object[name] = value;
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function isPair(high: number, low: number): boolean {
  return high < 0xdc00 && low >= 0xdc00 && low <= 0xdfff;
}
