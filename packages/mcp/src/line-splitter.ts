/** The longest line, without its newline, that is read as a whole; a longer one passes in parts. */
export const MAX_LINE_BYTES: number = 16 * 1024 * 1024;

/**
 * A whole line, or a part of one that is too long. `bytes` are as they came, newline included if
 * there is one.
 */
export type Piece =
  | { readonly kind: "line"; readonly bytes: Buffer }
  | { readonly kind: "part"; readonly bytes: Buffer; readonly last: boolean };

const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines. The pieces' bytes in order are the bytes that came, and how
 * the stream was chunked makes no difference to where lines end or which are too long. Time is
 * linear; at most one line is held.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #held: Buffer[] = [];
  /** Bytes of the line so far, held or passed on. */
  #lineBytes = 0;

  constructor(maxLineBytes: number = MAX_LINE_BYTES) {
    this.#maxLineBytes = maxLineBytes;
  }

  *push(chunk: Buffer): Generator<Piece> {
    for (let start = 0; start < chunk.length;) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline < 0 ? chunk.length : newline + 1;
      const piece = this.#take(chunk.subarray(start, end), newline >= 0);
      if (piece) yield piece;
      start = end;
    }
  }

  /**
   * What is left at the end of the stream: the line without a newline, or the end of one that is
   * too long.
   */
  *end(): Generator<Piece> {
    if (this.#lineBytes > 0) yield this.#complete();
  }

  #take(bytes: Buffer, endsLine: boolean): Piece | undefined {
    this.#held.push(bytes);
    this.#lineBytes += bytes.length;
    if (endsLine) return this.#complete();
    // One byte more than the limit without a newline: too long, whatever comes.
    if (this.#lineBytes <= this.#maxLineBytes) return undefined;
    return { kind: "part", bytes: this.#release(), last: false };
  }

  #complete(): Piece {
    const bytes = this.#release();
    const bodyBytes = this.#lineBytes - (bytes.length - chomp(bytes).length);
    this.#lineBytes = 0;
    if (bodyBytes <= this.#maxLineBytes) return { kind: "line", bytes };
    return { kind: "part", bytes, last: true };
  }

  #release(): Buffer {
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#held = [];
    return bytes;
  }
}

/** A line without its newline, if it has one. */
export function chomp(line: Buffer): Buffer {
  return line.at(-1) === NEWLINE ? line.subarray(0, -1) : line;
}
