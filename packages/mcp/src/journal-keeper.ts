import { SteleError } from "@stele/core/error";
import type { Clock } from "./clock.ts";
import type { Entry } from "./entry.ts";
import { JournalDoor } from "./journal-door.ts";
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

/**
 * Records entries in a journal that can fail. Entries without a receipt are counted, and become a
 * gap in the journal as soon as it takes entries again.
 */
export class JournalKeeper {
  readonly #options: JournalKeeperOptions;
  readonly #door: JournalDoor;
  readonly #closing = new AbortController();
  readonly #pending = new Set<Promise<unknown>>();
  #missed = new Missed();
  #retrying = false;

  constructor(options: JournalKeeperOptions) {
    const { openJournal, clock } = options;
    this.#options = options;
    const prepare = async (journal: RecordingJournal): Promise<void> => this.#reportTo(journal);
    this.#door = new JournalDoor({ openJournal, prepare, clock });
  }

  /** Opens the journal, or rejects with the reason; `record` goes on trying. */
  async open(): Promise<void> {
    await this.#door.open();
  }

  /**
   * Resolves once the entry is sealed and on disk. If the journal fails, it is opened again and the
   * entry appended once more, under the same id. Rejects when that fails too, or is not due; the
   * entry is then part of the next gap. Entries are recorded in the order of the calls.
   */
  async record(entry: Entry): Promise<void> {
    const recorded = this.#append(entry).catch((error: unknown) => {
      this.#miss(entry, error);
      throw error;
    });
    this.#follow(recorded);
    await recorded;
  }

  /** Waits for what is pending, tries once more to record the gap, and closes the journal. */
  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    if (this.#missed.count > 0 && !this.#door.journal) {
      this.#door.hurry();
      await this.#door.open().catch(() => undefined);
    }
    const { log } = this.#options;
    await this.#door.journal?.close().catch((error: unknown) => {
      log(`the journal did not close: ${explain(error)}`);
    });
    const gap = this.#missed.gap();
    if (!gap) return;
    log(`${gap.count} entries since ${gap.since} are NOT in the journal (${gap.reason})`);
  }

  /** Runs up to the journal's `append` before it returns. */
  async #append({ event, content = {} }: Entry): Promise<void> {
    const { session, agent } = this.#options;
    const full = { ...event, session, ...(agent === undefined ? {} : { agent }) };
    for (let attempt = 1; ; attempt++) {
      const journal = this.#door.journal ?? (await this.#door.open());
      try {
        await journal.append(full, { content });
        this.#door.prove();
        return;
      } catch (error) {
        if (concernsOneEvent(error)) throw error;
        this.#door.drop(journal, error as Error);
        if (attempt === 2) throw error;
      }
    }
  }

  #miss(entry: Entry, error: unknown): void {
    const { clock, log } = this.#options;
    if (this.#missed.count === 0) log(`cannot record: ${explain(error)}`);
    this.#missed.add(entry, explain(error), clock.nowMs());
    if (!this.#retrying) this.#follow(this.#retry());
  }

  /** Records the gap as soon as it can be, also without traffic. */
  async #retry(): Promise<void> {
    this.#retrying = true;
    try {
      while (this.#missed.count > 0) {
        await this.#report().catch(() => undefined);
        await this.#options.clock.delay(this.#door.waitMs(), this.#closing.signal);
      }
    } finally {
      this.#retrying = false;
    }
  }

  async #report(): Promise<void> {
    const { journal } = this.#door;
    // A journal that is opened gets the gap first of all.
    if (!journal) return void (await this.#door.open());
    await this.#reportTo(journal).catch((error: unknown) => {
      this.#door.drop(journal, error as Error);
    });
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

  /** So that `close` waits for it. */
  #follow(work: Promise<unknown>): void {
    const done = work
      .catch(() => undefined)
      .finally(() => {
        this.#pending.delete(done);
      });
    this.#pending.add(done);
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
