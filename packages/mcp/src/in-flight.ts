/** What one direction may hold back or have unrecorded before it stops reading. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_LINES = 1024;

/**
 * Counts what is under way, so that a fast reader waits for a slow disk or a slow peer, and memory
 * stays bounded.
 */
export class InFlight {
  #bytes = 0;
  #lines = 0;
  #waiting: (() => void) | undefined;

  /** Counts the bytes until the work is done. It must not reject. */
  add(sizeBytes: number, work: Promise<unknown>): void {
    this.#bytes += sizeBytes;
    this.#lines++;
    void work.then(() => {
      this.#bytes -= sizeBytes;
      this.#lines--;
      if (this.#hasRoom()) this.#waiting?.();
    });
  }

  /** Resolves when there is room for more. One caller at a time. */
  async room(): Promise<void> {
    if (this.#hasRoom()) return;
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
  }

  #hasRoom(): boolean {
    return this.#bytes <= MAX_BYTES && this.#lines <= MAX_LINES;
  }
}
