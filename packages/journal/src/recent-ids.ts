import { SteleError } from "@stele/core/error";
import type { Receipt } from "@stele/store";

/** The answer that an id got, or will get. */
export type Answer = Promise<Receipt> | Receipt;

interface Known {
  readonly answer: Answer;
  /** The entry's place, once it is known. */
  seq: number | undefined;
}

/**
 * The ids of the last `window` entries with the receipts that they got. An entry leaves the window
 * when `window` later ones have been placed, with or without an id.
 */
export class RecentIds {
  /** How many entries back an id is known. */
  readonly window: number;
  /** In the order of the appends, which is that of the entries. */
  readonly #known = new Map<string, Known>();

  /** Throws OPTION_INVALID unless the window is a whole number from 0 to 1,000,000. */
  constructor(window: number) {
    if (!Number.isSafeInteger(window) || window < 0 || window > 1_000_000) {
      const message = `deduplicationWindow must be a whole number from 0 to 1000000, not ${window}`;
      throw new SteleError("OPTION_INVALID", message);
    }
    this.window = window;
  }

  /** The answer of an id that is pending or in the window, when `size` entries have been placed. */
  find(id: string, size: number): Answer | undefined {
    this.#forgetBelow(size - this.window);
    return this.#known.get(id)?.answer;
  }

  /** Notes an entry that is in the ledger. */
  remember(id: string, receipt: Receipt): void {
    this.#known.delete(id);
    this.#known.set(id, { answer: receipt, seq: receipt.seq });
  }

  /** Notes an append and returns its receipt. If it is refused, the id is free again. */
  add(id: string, receipt: Promise<Receipt>): Promise<Receipt> {
    const answer = receipt.then(
      (received) => {
        known.seq = received.seq;
        return received;
      },
      (error: unknown) => {
        this.#known.delete(id);
        throw error;
      },
    );
    const known: Known = { answer, seq: undefined };
    if (this.window > 0) this.#known.set(id, known);
    return answer;
  }

  #forgetBelow(start: number): void {
    for (const [id, { seq }] of this.#known) {
      if (seq === undefined || seq >= start) return;
      this.#known.delete(id);
    }
  }
}
