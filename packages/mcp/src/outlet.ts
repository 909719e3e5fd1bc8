import { once } from "node:events";
import type { Writable } from "node:stream";

const NEWLINE = 0x0a;

/**
 * Writes to a stream in the order of the calls, each write once its gate opens, and waits while the
 * stream is full. After the stream has failed or closed everything is dropped: there is nobody to
 * read it.
 */
export class Outlet {
  readonly #stream: Writable;
  readonly #lost = new AbortController();
  readonly #heldReplies: Buffer[] = [];
  #tail: Promise<unknown> = Promise.resolve();
  #midLine = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("error", () => this.#lost.abort());
    stream.on("close", () => this.#lost.abort());
  }

  /** Aborts when the stream takes nothing more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Writes the bytes if the gate opens to true. Resolves when they are handed over, or dropped. */
  push(bytes: Buffer, gate: boolean | Promise<boolean>): Promise<void> {
    return this.#next(async () => {
      if (!(await gate)) return;
      await this.#write(bytes);
      this.#midLine = bytes.at(-1) !== NEWLINE;
      while (!this.#midLine && this.#heldReplies.length > 0) {
        await this.#write(this.#heldReplies.shift()!);
      }
    });
  }

  /** Writes a line of the recorder's own; if a line has passed in part, then after its end. */
  reply(line: Buffer): Promise<void> {
    return this.#next(async () => {
      if (this.#midLine) this.#heldReplies.push(line);
      else await this.#write(line);
    });
  }

  /** Resolves when everything so far is handed over. */
  async flushed(): Promise<void> {
    await this.#tail;
  }

  /** Ends the stream after everything so far. */
  end(): Promise<void> {
    return this.#next(() => this.#stream.end());
  }

  #next(step: () => unknown): Promise<void> {
    const done = this.#tail.then(step).then(() => undefined);
    this.#tail = done;
    return done;
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#lost.signal.aborted || this.#stream.write(bytes)) return;
    await once(this.#stream, "drain", { signal: this.#lost.signal }).catch(() => undefined);
  }
}
