import { SteleError } from "@stele/core/error";
import { MAX_REFERENCE_LENGTH } from "@stele/core/event";
import type { Entry } from "@stele/core/ledger";
import { despitePruning } from "../despite-pruning.ts";
import type { BudgetState } from "./budget-book.ts";
import { checkSession, type SessionCheck } from "./check.ts";
import { factsOf } from "./facts.ts";
import { LINKS_KEPT, SessionState } from "./state.ts";
import type { SessionSource } from "./source.ts";
import type { SessionTotals, ToolCount } from "./tally.ts";

/**
 * A session as its entries leave it: those that are sealed when it is opened for reading; through
 * an open `Journal` always those of now.
 */
export class SessionView {
  readonly id: string;
  protected readonly source: SessionSource;
  protected readonly state: SessionState;
  #countedFrom = 0;

  /** For `JournalReader.session`. */
  constructor(id: string, source: SessionSource) {
    this.id = checkSessionId(id);
    this.source = source;
    this.state = new SessionState(source.primitives);
  }

  /** How many entries have their place in the session. */
  get length(): number {
    return this.state.length;
  }

  /**
   * The first entry of the journal that could be counted: above 0 when older ones had been dropped
   * by then, of which nobody knows any more what the session had there.
   */
  get countedFrom(): number {
    return this.#countedFrom;
  }

  /** The hash of the session's chain of entry hashes; 64 zeros while it is empty. */
  get headHash(): string {
    return this.state.head;
  }

  /** When its first entry was made; undefined while it is empty. */
  get firstTime(): string | undefined {
    return this.state.first?.time;
  }

  /** When its last entry was made. */
  get lastTime(): string | undefined {
    return this.state.last?.time;
  }

  /** What the entries add up to, with what is under way. Exact; sums stop at 2^64 - 1. */
  totals(): SessionTotals {
    return this.state.counted.totals();
  }

  /** How often each tool was called, in the order of first calls. */
  toolCounts(): ReadonlyMap<string, ToolCount> {
    const { tools } = this.state.counted;
    return new Map([...tools].map(([tool, { calls, denied }]) => [tool, { calls, denied }]));
  }

  /** How often the tool was called, the denied calls too. */
  countOf(tool: string): number {
    return this.state.counted.tools.get(tool)?.calls ?? 0;
  }

  /** How many entries each agent has in the session. */
  agents(): ReadonlyMap<string, number> {
    return new Map(this.state.counted.agents);
  }

  /** The session's entries, in order, from the ledger. Those under way are waited for. */
  async *entries(): AsyncGenerator<Entry, void, undefined> {
    const upTo = await this.source.sealed();
    yield* this.source.entries(this.id, Math.min(upTo, this.#end));
  }

  /** The tools that were called, in order, the denied calls too: read from the ledger. */
  async *toolSequence(): AsyncGenerator<string, void, undefined> {
    for await (const { event } of this.entries()) {
      const { call } = factsOf({ ...event });
      if (call) yield call.tool;
    }
  }

  /** The newest entries, the oldest of them first. Up to 256 cost a few short reads each. */
  async recent(count: number): Promise<readonly Entry[]> {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new SteleError("OPTION_INVALID", `recent takes a whole number, not ${count}`);
    }
    if (count === 0) return [];
    return this.#despitePruning(() => this.#recent(count));
  }

  async #recent(count: number): Promise<readonly Entry[]> {
    const links = this.state.links(count);
    await this.source.sealed();
    const kept = await this.source.first();
    if (count <= LINKS_KEPT || links.length === this.length) {
      const seqs = links.map(({ seq }) => seq).filter((seq) => seq >= kept);
      return Promise.all(seqs.map((seq) => this.source.get(seq)));
    }
    let newest: Entry[] = [];
    for await (const entry of this.entries()) {
      newest.push(entry);
      if (newest.length >= 2 * count) newest = newest.slice(-count);
    }
    return newest.slice(-count);
  }

  /** The budgets that were opened in the session. */
  budgets(): readonly string[] {
    return this.state.counted.budgets.names();
  }

  /** A budget's state; undefined when none of the name was opened. */
  budgetState(name: string): BudgetState | undefined {
    return this.state.counted.budgets.get(name);
  }

  /**
   * The session's own integrity check: reads the whole ledger, without the index, and compares
   * chain and sums with what was counted. A difference is a result, not an error.
   */
  async verify(): Promise<SessionCheck> {
    const { length, head, first, last, placed } = this.state;
    const links = this.state.links();
    const counted = { length, head, first, last, links, tally: placed.clone() };
    await this.source.sealed();
    return this.#despitePruning(() => checkSession(this.source, { session: this.id, ...counted }));
  }

  /** Adds up what the ledger holds of the session below a size. */
  protected async load(upTo: number): Promise<void> {
    const before = await this.source.first();
    for await (const entry of this.source.entries(this.id, upTo)) {
      this.state.place(factsOf({ ...entry.event }), entry);
    }
    // What was dropped before the first entry was read could not be counted.
    const after = await this.source.first();
    this.#countedFrom = Math.max(before, Math.min(after, this.state.first?.seq ?? after));
  }

  /** For `JournalReader.session`. */
  static async read(id: string, source: SessionSource): Promise<SessionView> {
    return despitePruning(
      () => source.first(),
      async () => {
        const view = new SessionView(id, source);
        await view.load(await source.sealed());
        return view;
      },
    );
  }

  #despitePruning<T>(read: () => Promise<T>): Promise<T> {
    return despitePruning(() => this.source.first(), read);
  }

  get #end(): number {
    return (this.state.last?.seq ?? -1) + 1;
  }
}

function checkSessionId(untrusted: unknown): string {
  const isId = typeof untrusted === "string" && untrusted !== "";
  if (isId && untrusted.length <= MAX_REFERENCE_LENGTH) return untrusted;
  const message = `a session is named by a string of 1 to ${MAX_REFERENCE_LENGTH} characters`;
  throw new SteleError("OPTION_INVALID", message);
}
