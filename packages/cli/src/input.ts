import { TextDecoder } from "node:util";
import { SteleError } from "@stele/core/error";

/** How a line begins that has an event which its agent signed, with its contents. */
export const SIGNED = '{"signed":';

/** A longer line cannot hold an event: its leaf would be too large even without white space. */
const MAX_LINE_BYTES = 1024 * 1024;
/** Twice what contents may have: they are in base64, or have escapes. */
const MAX_SIGNED_LINE_BYTES = 128 * 1024 * 1024;

/** One line of input. */
export interface InputLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * Standard input until its end, or until Ctrl-C: SIGINT and SIGTERM stop the reading, not the
 * program.
 */
export class StandardInput implements Disposable {
  #interrupted = false;
  readonly #interrupt = (): void => {
    this.#interrupted = true;
    this.stop();
  };

  constructor() {
    process.on("SIGINT", this.#interrupt);
    process.on("SIGTERM", this.#interrupt);
  }

  /** Whether a signal ended the reading. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** The bytes as they come. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* process.stdin;
    } catch (error) {
      if (!this.#stopped) throw error;
    }
  }

  /** Ends the reading: what has not been read is left. */
  stop(): void {
    this.#stopped = true;
    process.stdin.destroy();
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#interrupt);
    process.off("SIGTERM", this.#interrupt);
    this.stop();
  }

  #stopped = false;
}

/**
 * The lines of a byte stream, strictly UTF-8, blank ones left out. Throws JSON_NOT_UTF8,
 * EVENT_TOO_LARGE.
 */
export async function* readLines(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<InputLine, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let number = 1;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let maxBytes = MAX_LINE_BYTES;
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const last = chunk.subarray(start, end);
      const bytes = held.length === 0 ? last : Buffer.concat([...held, last]);
      const text = decode(decoder, bytes, number);
      if (text.trim() !== "") yield { number, text };
      [held, heldBytes, maxBytes] = [[], 0, MAX_LINE_BYTES];
      start = end + 1;
      number++;
    }
    if (start < chunk.length) held.push(chunk.subarray(start));
    heldBytes += chunk.length - start;
    if (heldBytes <= maxBytes) continue;
    if (maxBytes === MAX_LINE_BYTES && isSigned(held)) maxBytes = MAX_SIGNED_LINE_BYTES;
    else throw tooLong(number, maxBytes);
  }
  const text = decode(decoder, Buffer.concat(held), number);
  if (text.trim() !== "") yield { number, text };
}

function isSigned(line: readonly Uint8Array[]): boolean {
  return Buffer.concat(line).toString("latin1", 0, SIGNED.length) === SIGNED;
}

function decode(decoder: TextDecoder, bytes: Uint8Array, number: number): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new SteleError("JSON_NOT_UTF8", `${unrecorded(number)}: it is not UTF-8`, { cause });
  }
}

function tooLong(number: number, maxBytes: number): SteleError {
  const message = `${unrecorded(number)}: it has more than ${maxBytes} bytes`;
  return new SteleError("EVENT_TOO_LARGE", message);
}

/** How every message about a bad line begins. */
export function unrecorded(number: number): string {
  return `line ${number} was not recorded, nor what follows it`;
}
