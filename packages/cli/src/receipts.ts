import type { Receipt } from "@stele/journal";
import { printJson } from "./output.ts";

/** Receipts that are awaited at a time: enough for large commits, little memory. */
const MAX_IN_FLIGHT = 8192;

/** Prints receipts in the order of their appends, as they come. */
export class Receipts {
  readonly #onFailure: () => void;
  #last: Promise<void> = Promise.resolve();
  #inFlight = 0;
  #failed = false;
  #failure: unknown;
  #roomMade: (() => void) | undefined;

  /**
   * `onFailure` is called once, when an append or the printing fails: what follows will not be
   * printed.
   */
  constructor(onFailure: () => void) {
    this.#onFailure = onFailure;
  }

  /** Takes an append's receipt-to-be; waits while many are under way. */
  async add(receipt: Promise<Receipt>): Promise<void> {
    receipt.catch(() => undefined); // it is awaited in its turn
    this.#last = this.#printAfter(this.#last, receipt);
    this.#inFlight++;
    if (this.#inFlight < MAX_IN_FLIGHT) return;
    await new Promise<void>((resolve) => {
      this.#roomMade = resolve;
    });
  }

  /** Resolves when every receipt is printed. Rejects with what failed first. */
  async finished(): Promise<void> {
    await this.#last;
    if (this.#failed) throw this.#failure;
  }

  async #printAfter(before: Promise<void>, receipt: Promise<Receipt>): Promise<void> {
    await before;
    try {
      const { seq, hash, time, sealedSize, witnessedSize } = await receipt;
      const witnessed = witnessedSize === undefined ? {} : { witnessedSize };
      if (!this.#failed) await printJson({ seq, hash, time, sealedSize, ...witnessed });
    } catch (error) {
      if (!this.#failed) this.#fail(error);
    }
    this.#inFlight--;
    this.#roomMade?.();
  }

  #fail(error: unknown): void {
    this.#failed = true;
    this.#failure = error;
    this.#onFailure();
  }
}
