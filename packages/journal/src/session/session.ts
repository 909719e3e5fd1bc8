import type { Event, EventText } from "@stele/core/event";
import type { WholeNumber } from "@stele/core/whole-number";
import type { Entry } from "@stele/core/ledger";
import type { AppendOptions, Receipt } from "../journal.ts";
import { Budget, openBudget } from "./budget.ts";
import { factsOfText } from "./facts.ts";
import { Guard } from "./guard.ts";
import type { GuardLimits } from "./guard-limits.ts";
import type { SessionSource } from "./source.ts";
import type { SessionState } from "./state.ts";
import { SessionView } from "./view.ts";

/** The journal, as its sessions see it. */
export interface SessionJournal extends SessionSource {
  append(event: Event | EventText, options?: AppendOptions): Promise<Receipt>;
  /** Throws JOURNAL_CLOSED or WRITER_FAILED once nothing can be appended any more. */
  requireWriter(): void;
  /** A name that nothing else has. */
  newName(): string;
}

/** What guards and budgets share of a session. */
export interface Live {
  readonly id: string;
  readonly journal: SessionJournal;
  readonly state: SessionState;
  /** How many appends were counted: unchanged by one that was known already. */
  readonly counts: () => number;
}

/**
 * A session that this process may add to. Whatever is appended with its id through the same
 * `Journal`, by `append` too, is counted at once, before it is durable.
 */
export class Session extends SessionView {
  readonly #journal: SessionJournal;
  readonly #live: Live;
  #counts = 0;
  /** What came before the session was added up, and is to be counted behind that, in its order. */
  #early: (() => void)[] | undefined = [];

  /** For `Journal.session`. */
  constructor(id: string, journal: SessionJournal) {
    super(id, journal);
    this.#journal = journal;
    const counts = (): number => this.#counts;
    this.#live = { id, journal, state: this.state, counts };
  }

  /** Records an event of the session. As `Journal.append`. */
  append(event: Omit<Event, "session">, options?: AppendOptions): Promise<Receipt> {
    return this.#journal.append({ ...event, session: this.id }, options);
  }

  /**
   * What says whether a call is still within limits. All guards of a session count the same
   * calls. Throws OPTION_INVALID for a limit that is malformed or unknown.
   */
  guard(limits: GuardLimits): Guard {
    return new Guard(this.#live, limits);
  }

  /** Opens a budget. Resolves when that is durable. Throws BUDGET_EXISTS, OPTION_INVALID. */
  openBudget(name: string, amountMicros: WholeNumber): Promise<Budget> {
    return openBudget(this.#live, name, amountMicros);
  }

  /** A budget that was opened, also before a restart. Throws BUDGET_UNKNOWN. */
  budget(name: string): Budget {
    return new Budget(this.#live, name);
  }

  /** For the journal: adds up what is there. */
  async restore(upTo: number): Promise<void> {
    await this.#journal.sealed();
    await this.load(upTo);
    for (const count of this.#early!) count();
    this.#early = undefined;
  }

  /** For the journal: an entry has its place. */
  notePlaced(source: EventText, place: Pick<Entry, "seq" | "hash" | "time">): void {
    this.#counts++;
    this.#inOrder(() => this.state.place(factsOfText(source), place, source));
  }

  /** For the journal: an append waits for its place. */
  noteWaiting(source: EventText): void {
    this.#counts++;
    this.noteSigning(source);
  }

  /** For the journal: an event is being signed. It counts, but may turn out to be known already. */
  noteSigning(source: EventText): void {
    this.#inOrder(() => this.state.wait(source));
  }

  /** For the journal: what waited was refused, or is signed. */
  noteRefused(source: EventText): void {
    this.#inOrder(() => this.state.refuse(source));
  }

  #inOrder(count: () => void): void {
    if (this.#early) this.#early.push(count);
    else count();
  }
}
