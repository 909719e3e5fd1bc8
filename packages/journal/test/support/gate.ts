import type { MemoryDisk } from "./memory-disk.ts";

/** Stands between a journal and its disk: holds commits back, lets them pass, or makes them fail. */
export class Gate {
  /** Commits that have come to the disk so far. */
  arrived = 0;
  #passage = Promise.withResolvers<void>();

  /** Holds back. */
  constructor(disk: MemoryDisk) {
    this.close();
    disk.beforeRun = async () => {
      this.arrived++;
      await this.#passage.promise;
    };
  }

  /** Lets the waiting commit pass; the next ones wait again. */
  letGo(): void {
    this.#passage.resolve();
    this.close();
  }

  /** Lets the waiting commit and all later ones pass. */
  stayOpen(): void {
    this.#passage.resolve();
  }

  /** Makes the waiting commit and all later ones fail. */
  fail(error: Error): void {
    this.#passage.reject(error);
    this.close();
    this.#passage.reject(error);
  }

  /** Holds the next commits back. */
  close(): void {
    this.#passage = Promise.withResolvers();
    // Nobody may come.
    this.#passage.promise.catch(() => undefined);
  }
}

/** What has been promised so far: everything that is ready to run has run. */
export async function settleTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
