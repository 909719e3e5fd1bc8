import { TextDecoder } from "node:util";
import { SteleError } from "@stele/core/error";

/** A longer line cannot hold an event: its leaf would be too large even without white space. */
const MAX_LINE_BYTES = 1024 * 1024;

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
  let rest = Buffer.alloc(0);
  let number = 0;
  const line = (bytes: Uint8Array): InputLine => ({ number, text: decode(decoder, bytes, number) });
  for await (const chunk of input) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      number++;
      const found = line(bytes.subarray(start, end));
      start = end + 1;
      if (found.text.trim() !== "") yield found;
    }
    rest = bytes.subarray(start);
    if (rest.length > MAX_LINE_BYTES) throw tooLong(number + 1);
  }
  if (rest.length === 0) return;
  number++;
  const last = line(rest);
  if (last.text.trim() !== "") yield last;
}

function decode(decoder: TextDecoder, bytes: Uint8Array, number: number): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new SteleError("JSON_NOT_UTF8", `${unrecorded(number)}: it is not UTF-8`, { cause });
  }
}

function tooLong(number: number): SteleError {
  const message = `${unrecorded(number)}: it has more than ${MAX_LINE_BYTES} bytes`;
  return new SteleError("EVENT_TOO_LARGE", message);
}

/** How every message about a bad line begins. */
export function unrecorded(number: number): string {
  return `line ${number} was not recorded, nor what follows it`;
}
