import type { Receipt } from "@stele/journal";
import { printJson } from "./output.ts";

/** Receipts that are awaited at a time: enough for large commits, little memory. */
const MAX_IN_FLIGHT = 8192;

/** What became of appends behind the first one that failed. */
export interface Unprinted {
  /** The numbers of the entries that were recorded and whose receipts are not printed. */
  readonly seqs: readonly number[];
  /** Whether one of them failed too. */
  readonly failed: boolean;
}

/** Prints receipts in the order of their appends, as they come, up to the first failure. */
export class Receipts {
  readonly #onFailure: () => void;
  #last: Promise<void> = Promise.resolve();
  #inFlight = 0;
  #isOver = false;
  #failed = false;
  #failure: unknown;
  readonly #unprinted: number[] = [];
  #failedAgain = false;
  #roomMade: (() => void) | undefined;

  /**
   * `onFailure` is called once, as soon as an append or the printing fails: what follows will not
   * be printed, since a receipt belongs to the line that is as far from the beginning.
   */
  constructor(onFailure: () => void) {
    this.#onFailure = onFailure;
  }

  /** Whether something has failed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Complete once `finished` has settled. */
  get unprinted(): Unprinted {
    return { seqs: this.#unprinted, failed: this.#failedAgain };
  }

  /** Takes an append's receipt-to-be; waits while many are under way. */
  async add(receipt: Promise<Receipt>): Promise<void> {
    receipt.catch(() => this.#end()); // what it says is looked at in its turn
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
      await this.#print(await receipt);
    } catch (error) {
      this.#fail(error);
    }
    this.#inFlight--;
    this.#roomMade?.();
  }

  async #print({ seq, hash, time, sealedSize, witnessedSize }: Receipt): Promise<void> {
    if (this.#failed) return void this.#unprinted.push(seq);
    const witnessed = witnessedSize === undefined ? {} : { witnessedSize };
    await printJson({ seq, hash, time, sealedSize, ...witnessed });
  }

  #fail(error: unknown): void {
    if (this.#failed) this.#failedAgain = true;
    else this.#failure = error;
    this.#failed = true;
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onFailure();
  }
}
