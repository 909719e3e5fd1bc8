import { SteleError } from "@stele/core/error";
import type { Receipt } from "@stele/store";

/** The answer that an id got, or will get. */
export type Answer = Promise<Receipt> | Receipt;

/**
 * The ids of the last `window` entries with the receipts that they got. An entry leaves the window
 * when `window` later ones have been placed, with or without an id.
 */
export class RecentIds {
  readonly #answers = new Map<string, Answer>();
  /**
   * The id at `seq modulo window`, so that the entry that leaves the window is found without a
   * search.
   */
  readonly #ring: (string | undefined)[];

  /** Throws OPTION_INVALID unless the window is a whole number from 0 to 1,000,000. */
  constructor(window: number) {
    if (!Number.isSafeInteger(window) || window < 0 || window > 1_000_000) {
      const message = `deduplicationWindow must be a whole number from 0 to 1000000, not ${window}`;
      throw new SteleError("OPTION_INVALID", message);
    }
    this.#ring = Array.from({ length: window });
  }

  /** How many entries back an id is known. */
  get window(): number {
    return this.#ring.length;
  }

  find(id: string): Answer | undefined {
    return this.#answers.get(id);
  }

  /** Notes that entry `seq` was placed, with this id or none. */
  add(seq: number, id: string | undefined, answer: Answer): void {
    if (this.#ring.length === 0) return;
    const slot = seq % this.#ring.length;
    const leaving = this.#ring[slot];
    if (leaving !== undefined) this.#answers.delete(leaving);
    this.#ring[slot] = id;
    if (id !== undefined) this.#answers.set(id, answer);
  }

  /** Frees an id whose append was refused. */
  forget(id: string, answer: Answer): void {
    if (this.#answers.get(id) === answer) this.#answers.delete(id);
  }
}
