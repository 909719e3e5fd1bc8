import { SteleError } from "@stele/core/error";
import { MAX_RECORD_BYTES } from "./format.ts";

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The bytes of one element or member, and where its first byte is. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly line: number;
  readonly offsetBytes: number;
}

/** What a document consists of: elements of the array, and members around it. */
export interface PieceSink {
  element(piece: Piece): void;
  /** `"name":value` of the object around the array. */
  member(piece: Piece): void;
  /** `"entries":[`, whose elements follow. */
  opens(piece: Piece): void;
}

/** How a document ended: `torn` inside of something, `behind` with bytes after its end. */
export type DocumentEnd = "whole" | "torn" | "behind" | "empty" | "other";

/**
 * Cuts a JSON document into the elements of its array without reading all of it: the document is
 * an array, or an object whose member `entries` is one. Finds the places only: whoever reads the
 * pieces finds what is wrong in them.
 */
export class ElementSplitter {
  readonly #sink: PieceSink;
  #depth = 0;
  /** At which depth commas part the pieces: 1, or 2 within `entries`. */
  #level = 1;
  #inString = false;
  #isEscaped = false;
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #pieceLine = 0;
  #pieceOffset = -1;
  /** Whether the present piece has a bracket already, so that the next is not that of `entries`. */
  #hasBracket = false;
  #line = 1;
  #root = 0;
  #state: DocumentEnd = "empty";
  /** Behind a comma, where a piece has to follow. */
  #isDue = false;
  /** Behind the array of `entries`, where none can. */
  #isBehindArray = false;
  sizeBytes = 0;
  hasMark = false;
  /** Whether there is an array of entries at all. */
  hasArray = false;

  constructor(sink: PieceSink) {
    this.#sink = sink;
  }

  get line(): number {
    return this.#line;
  }

  /** Throws IMPORT_TOO_LARGE. */
  write(chunk: Uint8Array): void {
    let from = this.#pieceOffset < 0 ? -1 : 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === NEWLINE) this.#line++;
      if (this.#inString) {
        this.#inQuotes(byte);
        continue;
      }
      const isSpace = byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;
      if (isSpace) continue;
      if (this.#depth === 0) {
        this.#outside(byte, this.sizeBytes + at);
        continue;
      }
      if (this.#parts.length === 0 && from < 0 && !this.#isBoundary(byte)) {
        from = at;
        this.#begin(this.sizeBytes + at);
      }
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.#opensEntries(byte, chunk.subarray(Math.max(from, 0), at))) {
          this.#enter();
          from = -1;
        } else this.#hasBracket = true;
        this.#depth++;
      } else if (this.#isBoundary(byte)) {
        this.#finish(from < 0 ? undefined : chunk.subarray(from, at), byte);
        from = -1;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth--;
    }
    this.sizeBytes += chunk.length;
    if (from >= 0) this.#keep(chunk.slice(from));
  }

  /** The document's end; an incomplete last piece is dropped. */
  end(): DocumentEnd {
    return this.#depth > 0 ? "torn" : this.#state;
  }

  /** Where the incomplete last piece begins. */
  get tornAt(): { readonly line: number; readonly offsetBytes: number } {
    if (this.#pieceOffset < 0) return { line: this.#line, offsetBytes: this.sizeBytes };
    return { line: this.#pieceLine, offsetBytes: this.#pieceOffset };
  }

  #inQuotes(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  /** Before the document's first bracket, or behind its last. */
  #outside(byte: number, offset: number): void {
    if (this.#state === "empty" && offset < 3 && MARK[offset] === byte) {
      this.hasMark = true;
    } else if (this.#state === "empty" && (byte === OPEN_BRACE || byte === OPEN_BRACKET)) {
      this.#state = "torn";
      this.#root = byte;
      this.hasArray = byte === OPEN_BRACKET;
      this.#depth = 1;
    } else if (this.#state === "empty") this.#state = "other";
    else if (this.#state === "whole") this.#state = "behind";
  }

  #isBoundary(byte: number): boolean {
    if (this.#depth !== this.#level) return false;
    return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
  }

  /** Whether this bracket is that of the array, which the name before it says. */
  #opensEntries(byte: number, head: Uint8Array): boolean {
    if (byte !== OPEN_BRACKET || this.#depth !== 1 || this.#root !== OPEN_BRACE) return false;
    // Once for a piece: what is before the bracket is copied.
    if (this.#hasBracket) return false;
    const name = Buffer.concat([...this.#parts, head]).toString("latin1");
    return /^"entries"\s*:\s*$/.test(name);
  }

  /** Into the array of `entries`. */
  #enter(): void {
    const piece = { line: this.#pieceLine, offsetBytes: this.#pieceOffset };
    this.#sink.opens({ ...piece, bytes: Buffer.from('"entries":[]') });
    this.#drop();
    this.#level = 2;
    this.hasArray = true;
    this.#isDue = false;
    this.#isBehindArray = false;
  }

  #begin(offset: number): void {
    this.#pieceLine = this.#line;
    this.#pieceOffset = offset;
  }

  #drop(): void {
    this.#parts = [];
    this.#partsBytes = 0;
    this.#pieceOffset = -1;
    this.#hasBracket = false;
  }

  /** A piece ends before this comma or closing bracket. */
  #finish(last: Uint8Array | undefined, byte: number): void {
    const bytes = withoutSpace(Buffer.concat(last ? [...this.#parts, last] : this.#parts));
    const piece = { bytes, line: this.#pieceLine, offsetBytes: this.#pieceOffset };
    const isElement = this.#level === 2 || this.#root === OPEN_BRACKET;
    const isMissing = this.#isDue || (byte === COMMA && !this.#isBehindArray);
    this.#drop();
    this.#isDue = byte === COMMA;
    this.#isBehindArray = byte !== COMMA;
    if (bytes.length > 0 && !isElement) this.#sink.member(piece);
    else if (bytes.length > 0 || isMissing) this.#sink.element(this.#placed(piece));
    if (byte !== COMMA) this.#close(byte, isElement);
  }

  /** The array or the object around it ends, with the bracket that it began with. */
  #close(byte: number, isElement: boolean): void {
    const isRight = byte === (isElement ? CLOSE_BRACKET : CLOSE_BRACE);
    const wrong = this.#placed({ bytes: Uint8Array.of(byte), line: 0, offsetBytes: -1 });
    if (!isRight) this.#sink.element(wrong);
    this.#depth--;
    this.#level = 1;
    if (this.#depth === 0) this.#state = "whole";
  }

  /** The piece, at its place or at the present one. */
  #placed(piece: Piece): Piece {
    if (piece.offsetBytes >= 0) return piece;
    return { ...piece, line: this.#line, offsetBytes: this.sizeBytes };
  }

  #keep(rest: Uint8Array): void {
    this.#parts.push(rest);
    this.#partsBytes += rest.length;
    if (this.#partsBytes <= MAX_RECORD_BYTES) return;
    const message = `the record at line ${this.#pieceLine} is over ${MAX_RECORD_BYTES} bytes`;
    throw new SteleError("IMPORT_TOO_LARGE", message, { offset: this.#pieceOffset });
  }
}

const MARK = [0xef, 0xbb, 0xbf];

/** The bytes without white space at their end. */
function withoutSpace(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1]! <= 0x20) end--;
  return bytes.subarray(0, end);
}
