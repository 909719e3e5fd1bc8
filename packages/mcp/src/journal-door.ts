import { SteleError } from "@stele/core/error";
import type { Clock } from "./clock.ts";
import type { RecordingJournal } from "./recording-journal.ts";

export interface JournalDoorOptions {
  readonly openJournal: () => Promise<RecordingJournal>;
  /** Runs on each journal that was opened, before anybody gets it. If it rejects, so does `open`. */
  readonly prepare: (journal: RecordingJournal) => Promise<void>;
  readonly clock: Clock;
}

/** After an attempt that failed the next waits, at first this long, then ever longer. */
const FIRST_DELAY_MS = 1000;
const LAST_DELAY_MS = 10_000;
/** How long to wait for another writer to let go: an earlier recorder may still be closing. */
const LOCK_PATIENCE_MS = 2000;
const LOCK_RETRY_MS = 50;

/** Keeps a journal open that can fail: opens it again on demand, but not in a hot loop. */
export class JournalDoor {
  readonly #options: JournalDoorOptions;
  #journal: RecordingJournal | undefined;
  #opening: Promise<RecordingJournal> | undefined;
  /** Settles when the journal that failed has let go of its lock. */
  #released: Promise<unknown> = Promise.resolve();
  /** The open journal has worked: if it fails now, an attempt at once is worth it. */
  #proven = false;
  #failure = new Error("not opened yet");
  #delayMs = FIRST_DELAY_MS;
  #nextAttemptMs = -Infinity;

  constructor(options: JournalDoorOptions) {
    this.#options = options;
  }

  /** The open journal; undefined while there is none. */
  get journal(): RecordingJournal | undefined {
    return this.#journal;
  }

  /**
   * Opens the journal. Rejects with why it could not, at once as long as the next attempt is not
   * due.
   */
  async open(): Promise<RecordingJournal> {
    if (this.#opening) return this.#opening;
    if (this.waitMs() > 0) throw this.#failure;
    this.#opening = this.#attempt().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** How long until the next attempt is due. */
  waitMs(): number {
    return Math.max(0, this.#nextAttemptMs - this.#options.clock.monotonicMs());
  }

  /** Makes the next attempt due now. */
  hurry(): void {
    this.#nextAttemptMs = -Infinity;
  }

  /** Says that the open journal has taken something. */
  prove(): void {
    this.#proven = true;
    this.#delayMs = FIRST_DELAY_MS;
  }

  /** Lets go of a journal that has failed; does nothing if it is not the open one. */
  drop(journal: RecordingJournal, failure: Error): void {
    if (journal !== this.#journal) return;
    this.#journal = undefined;
    this.#released = journal.close().catch(() => undefined);
    this.#failure = failure;
    if (!this.#proven) this.#postpone();
  }

  async #attempt(): Promise<RecordingJournal> {
    try {
      await this.#released;
      const journal = await this.#openPatiently();
      await this.#options.prepare(journal).catch(async (error: unknown) => {
        await journal.close().catch(() => undefined);
        throw error;
      });
      this.#proven = false;
      this.#journal = journal;
      return journal;
    } catch (error) {
      this.#failure = error as Error;
      this.#postpone();
      throw error;
    }
  }

  async #openPatiently(): Promise<RecordingJournal> {
    const { openJournal, clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + LOCK_PATIENCE_MS;
    for (;;) {
      try {
        return await openJournal();
      } catch (error) {
        const locked = error instanceof SteleError && error.code === "JOURNAL_LOCKED";
        if (!locked || clock.monotonicMs() >= deadlineMs) throw error;
        await clock.delay(LOCK_RETRY_MS);
      }
    }
  }

  #postpone(): void {
    this.#nextAttemptMs = this.#options.clock.monotonicMs() + this.#delayMs;
    this.#delayMs = Math.min(2 * this.#delayMs, LAST_DELAY_MS);
  }
}
