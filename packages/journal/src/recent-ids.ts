import { SteleError } from "@stele/core/error";
import type { Entry } from "@stele/core/ledger";
import type { Receipt } from "@stele/store";

/** The answer that an id got, or will get. */
export type Answer = Promise<Receipt> | Receipt;

interface Known {
  readonly id: string;
  readonly answer: Answer;
  /** The entry's place, once it is known. */
  seq: number | undefined;
}

/** A journal whose entries are read. */
interface ReadJournal {
  readonly sealedSize: number;
  first(): Promise<number>;
  read(range: { readonly from: number }): AsyncIterable<Entry>;
}

/** The place of what was refused: below every window. */
const REFUSED = -1;

/**
 * The ids of the last `window` entries with the receipts that they got. An entry leaves the window
 * when `window` later ones have been placed, with or without an id.
 */
export class RecentIds {
  /** How many entries back an id is known. */
  readonly window: number;
  readonly #known = new Map<string, Known>();
  /**
   * In the order of the appends, which is that of the entries; from `#oldest` on they are known.
   * The map's own order would do, but V8 walks over every member deleted before to reach the
   * first.
   */
  #order: Known[] = [];
  #oldest = 0;

  /** Throws OPTION_INVALID unless the window is a whole number from 0 to 1,000,000. */
  constructor(window: number) {
    if (!Number.isSafeInteger(window) || window < 0 || window > 1_000_000) {
      const message = `deduplicationWindow must be a whole number from 0 to 1000000, not ${window}`;
      throw new SteleError("OPTION_INVALID", message);
    }
    this.window = window;
  }

  /** Takes the ids of the ledger's last entries. Their receipts name the seal that covers all. */
  async recall(journal: ReadJournal): Promise<void> {
    if (this.window === 0) return;
    const { sealedSize } = journal;
    const from = Math.max(await journal.first(), sealedSize - this.window);
    for await (const { seq, hash, time, event } of journal.read({ from })) {
      if (event.id !== undefined) this.remember(event.id, seq, { seq, hash, time, sealedSize });
    }
  }

  /** The answer of an id that is pending or in the window, when `size` entries have been placed. */
  find(id: string, size: number): Answer | undefined {
    this.#forgetBelow(size - this.window);
    return this.#known.get(id)?.answer;
  }

  /** Notes an entry that is in the ledger, or an append that was given its place. */
  remember(id: string, seq: number, answer: Answer): void {
    if (this.window > 0) this.#note({ id, answer, seq });
  }

  /** Notes an append that has no place yet. If it is refused, the id is free again. */
  expect(id: string, receipt: Promise<Receipt>): void {
    if (this.window === 0) return;
    const known: Known = { id, answer: receipt, seq: undefined };
    this.#note(known);
    void receipt.then(
      ({ seq }) => {
        known.seq = seq;
      },
      () => this.#refuse(known),
    );
  }

  /** Frees an id whose append failed with this answer. */
  forget(id: string, answer: Answer): void {
    const known = this.#known.get(id);
    if (known?.answer === answer) this.#refuse(known);
  }

  #refuse(known: Known): void {
    known.seq = REFUSED;
    if (this.#known.get(known.id) === known) this.#known.delete(known.id);
  }

  #note(known: Known): void {
    this.#known.set(known.id, known);
    this.#order.push(known);
  }

  #forgetBelow(start: number): void {
    for (; this.#oldest < this.#order.length; this.#oldest++) {
      const known = this.#order[this.#oldest]!;
      if (known.seq === undefined || known.seq >= start) break;
      if (this.#known.get(known.id) === known) this.#known.delete(known.id);
    }
    if (this.#oldest < this.#order.length / 2) return;
    this.#order = this.#order.slice(this.#oldest);
    this.#oldest = 0;
  }
}
