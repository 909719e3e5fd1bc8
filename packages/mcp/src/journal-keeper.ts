import { SteleError } from "@stele/core/error";
import type { Clock } from "./clock.ts";
import type { Entry } from "./entry.ts";
import { Missed } from "./missed.ts";
import type { RecordingJournal } from "./recording-journal.ts";

export interface JournalKeeperOptions {
  readonly openJournal: () => Promise<RecordingJournal>;
  readonly session: string;
  readonly agent: string | undefined;
  readonly clock: Clock;
  /** Takes one line for the people who run the recorder. */
  readonly log: (line: string) => void;
}

/** After an attempt that failed the next waits, at first this long, then ever longer. */
const FIRST_DELAY_MS = 1000;
const LAST_DELAY_MS = 10_000;
/**
 * How long to wait for another writer to let go: the recorder of the session before may still be
 * closing.
 */
const LOCK_PATIENCE_MS = 2000;
const LOCK_RETRY_MS = 50;

/**
 * Records entries in a journal that can fail, and opens it again when it has. Entries without a
 * receipt are counted, and become a gap in the journal as soon as it takes entries again.
 */
export class JournalKeeper {
  readonly #options: JournalKeeperOptions;
  readonly #closing = new AbortController();
  #journal: RecordingJournal | undefined;
  #opening: Promise<RecordingJournal> | undefined;
  /** Settles when the journal that failed has let go of its lock. */
  #dropped: Promise<unknown> = Promise.resolve();
  /**
   * The open journal has taken an entry: if it fails now, opening it again is worth an attempt at
   * once.
   */
  #proven = false;
  #failure: unknown;
  #delayMs = FIRST_DELAY_MS;
  #nextAttemptMs = 0;
  #retrying = false;
  #missed = new Missed();

  constructor(options: JournalKeeperOptions) {
    this.#options = options;
  }

  /** Opens the journal, or rejects with the reason; `record` goes on trying. */
  async open(): Promise<void> {
    await this.#reopen();
  }

  /**
   * Resolves once the entry is sealed and on disk. If the journal fails, the entry is appended once
   * more, under the same id, after opening it again. Rejects when that fails too, or is not due;
   * the entry is then part of the next gap.
   */
  async record(entry: Entry): Promise<void> {
    try {
      await this.#append(entry);
    } catch (error) {
      const { clock, log } = this.#options;
      if (this.#missed.count === 0) log(`cannot record: ${explain(error)}`);
      this.#missed.add(entry, explain(error), clock.nowMs());
      const journal = this.#journal;
      if (journal) this.#reportTo(journal).catch((cause: unknown) => this.#drop(journal, cause));
      throw error;
    }
  }

  /** Tries once more to record what is missed, says loudly if it cannot, and closes the journal. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#opening?.catch(() => undefined);
    if (this.#missed.count > 0 && !this.#journal) {
      this.#nextAttemptMs = 0;
      await this.#reopen().catch(() => undefined);
    }
    await this.#journal?.close().catch((error: unknown) => this.#fail(error));
    const gap = this.#missed.gap();
    if (!gap) return;
    const { log } = this.#options;
    log(`${gap.count} entries since ${gap.since} are NOT in the journal (${gap.reason})`);
  }

  /** Runs up to the journal's `append` before it returns, so that entries keep their order. */
  async #append({ event, content }: Entry): Promise<void> {
    const { session, agent } = this.#options;
    const full = { ...event, session, ...(agent === undefined ? {} : { agent }) };
    for (let attempt = 1; ; attempt++) {
      const journal = this.#journal ?? (await this.#reopen());
      try {
        await journal.append(full, { content: content ?? {} });
        this.#proven = true;
        this.#delayMs = FIRST_DELAY_MS;
        return;
      } catch (error) {
        if (concernsOneEvent(error)) throw error;
        this.#drop(journal, error);
        if (attempt === 2) throw error;
      }
    }
  }

  #drop(journal: RecordingJournal, error: unknown): void {
    if (journal !== this.#journal) return;
    this.#journal = undefined;
    this.#dropped = journal.close().catch(() => undefined);
    if (!this.#proven) this.#postpone();
    this.#fail(error);
  }

  #reopen(): Promise<RecordingJournal> {
    if (this.#opening) return this.#opening;
    if (this.#options.clock.monotonicMs() < this.#nextAttemptMs) {
      return Promise.reject(this.#failure);
    }
    this.#opening = this.#attempt().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #attempt(): Promise<RecordingJournal> {
    try {
      await this.#dropped;
      const journal = await this.#openPatiently();
      await this.#reportTo(journal).catch(async (error: unknown) => {
        await journal.close().catch(() => undefined);
        throw error;
      });
      this.#proven = false;
      this.#journal = journal;
      return journal;
    } catch (error) {
      this.#postpone();
      this.#fail(error);
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

  /** Records the gap, if there is one. What is missed meanwhile belongs to the next. */
  async #reportTo(journal: RecordingJournal): Promise<void> {
    const missed = this.#missed;
    const gap = missed.gap();
    if (!gap) return;
    this.#missed = new Missed();
    try {
      await journal.recordGap(gap);
    } catch (error) {
      missed.merge(this.#missed);
      this.#missed = missed;
      throw error;
    }
    this.#options.log(`recording again; a gap of ${gap.count} entries is in the journal`);
  }

  #postpone(): void {
    this.#nextAttemptMs = this.#options.clock.monotonicMs() + this.#delayMs;
    this.#delayMs = Math.min(2 * this.#delayMs, LAST_DELAY_MS);
  }

  #fail(error: unknown): void {
    this.#failure = error;
    if (!this.#retrying) this.#retry().catch(() => undefined);
  }

  /** Also without traffic: the sooner a gap is on record the better. */
  async #retry(): Promise<void> {
    const { clock } = this.#options;
    this.#retrying = true;
    try {
      while (!this.#journal) {
        const waitMs = Math.max(this.#nextAttemptMs - clock.monotonicMs(), LOCK_RETRY_MS);
        await clock.delay(waitMs, this.#closing.signal);
        if (!this.#journal) await this.#reopen().catch(() => undefined);
      }
    } finally {
      this.#retrying = false;
    }
  }
}

/** The error in one line, with what to do about it. */
export function explain(error: unknown): string {
  if (error instanceof SteleError) return `${error.code}: ${error.message}; ${error.fix}`;
  return error instanceof Error ? error.message : String(error);
}

/** Whether the journal refused one event and goes on with the others. */
function concernsOneEvent(error: unknown): boolean {
  return error instanceof SteleError && /^(EVENT|CONTENT|JSON)_/.test(error.code);
}
