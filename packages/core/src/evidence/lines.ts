import { concatBytes } from "../bytes.ts";

/** Cuts a stream of bytes at its newlines. Memory: the line that has not ended yet. */
export class LineCutter {
  readonly #onLine: (line: Uint8Array) => void;
  #rest: Uint8Array = new Uint8Array();

  /** `onLine` gets each line without its newline. */
  constructor(onLine: (line: Uint8Array) => void) {
    this.#onLine = onLine;
  }

  /** How long the line is so far that has not ended yet. */
  get restBytes(): number {
    return this.#rest.length;
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    const all = this.#rest.length === 0 ? bytes : concatBytes([this.#rest, bytes]);
    let start = 0;
    for (let end = all.indexOf(0x0a); end >= 0; end = all.indexOf(0x0a, start)) {
      this.#onLine(all.subarray(start, end));
      start = end + 1;
    }
    this.#rest = all.slice(start);
  }
}
