import { SteleError } from "@stele/core/error";
import { MAX_RECORD_BYTES } from "./format.ts";

const NEWLINE = 0x0a;

/** One line without its newline: `bytes[start, end)`, valid during the call only. */
export interface LineSink {
  line(bytes: Uint8Array, start: number, end: number, isTerminated: boolean): void;
}

/** Cuts chunks into lines without copying those that lie in one chunk. */
export class LineSplitter {
  readonly #sink: LineSink;
  #carry: Uint8Array[] = [];
  #carryBytes = 0;
  /** The present line's number, from 1. */
  line = 0;
  /** Where the present line begins in the file. */
  offsetBytes = 0;
  sizeBytes = 0;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  write(chunk: Uint8Array): void {
    this.sizeBytes += chunk.length;
    let start = 0;
    let end = chunk.indexOf(NEWLINE);
    if (end >= 0 && this.#carryBytes > 0) {
      this.#carry.push(chunk.subarray(0, end));
      this.#emitCarry(true);
      start = end + 1;
      end = chunk.indexOf(NEWLINE, start);
    }
    while (end >= 0) {
      this.line++;
      this.#sink.line(chunk, start, end, true);
      this.offsetBytes += end + 1 - start;
      start = end + 1;
      end = chunk.indexOf(NEWLINE, start);
    }
    this.#keep(chunk.slice(start));
  }

  /** The last line, if the file does not end in a newline. */
  end(): void {
    if (this.#carryBytes > 0) this.#emitCarry(false);
  }

  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#carry.push(rest);
    this.#carryBytes += rest.length;
    if (this.#carryBytes <= MAX_RECORD_BYTES) return;
    const message = `line ${this.line + 1} is longer than ${MAX_RECORD_BYTES} bytes`;
    throw new SteleError("IMPORT_TOO_LARGE", message, { offset: this.offsetBytes });
  }

  #emitCarry(isTerminated: boolean): void {
    const line = Buffer.concat(this.#carry);
    this.#carry = [];
    this.#carryBytes = 0;
    this.line++;
    this.#sink.line(line, 0, line.length, isTerminated);
    this.offsetBytes += line.length + 1;
  }
}
