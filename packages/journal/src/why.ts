import { SteleError } from "@stele/core/error";
import type { Entry } from "@stele/core/ledger";
import type { AskOptions, JournalIndex } from "@stele/index";
import { readAudit, type Contribution, type QueryAudit } from "./query-audit.ts";

export type { Contribution, QueryAudit } from "./query-audit.ts";

/** What led to an event. Every entry in it was read from the ledger. */
export interface Explanation {
  /** The event that was asked about; its `causes` are the way back. */
  readonly subject: ExplainedEntry;
  /** Decisions, queries and calls of its session before it, oldest first, with what they led to. */
  readonly before: readonly ExplainedEntry[];
  /** How many more there are in front of `before`. */
  readonly omitted: number;
}

/** An entry and what it rests on. */
export interface ExplainedEntry {
  readonly entry: Entry;
  /** For a `query`: what its answer was made of. */
  readonly audit: QueryAudit | undefined;
  /** The event that caused it; audits that say they are of it. */
  readonly causes: readonly (ExplainedEntry | Unexplained)[];
  /** What it led to. */
  readonly outcomes: readonly ExplainedEntry[];
}

/** An event that is named and cannot be shown. */
export interface Unexplained {
  readonly id: string;
  /** No entry has the id; or it was shown already, on the way to here; or it is too far away. */
  readonly reason: "missing" | "cycle" | "deep";
}

/** How many causes in a row are followed. */
const MAX_DEPTH = 100;
/** How many entries of the session before the event are looked at. */
const MAX_BEFORE = 500;
const MAX_AUDITS = 20;
/** What tells why, of what a session holds. */
const TELLING = /^(?:decision|query|review|tool\.call|inference\.request|stele\.guard)$/;

/** Walks back from the event of this id. Throws ID_UNKNOWN. */
export async function explain(
  index: JournalIndex,
  id: string,
  options: AskOptions,
): Promise<Explanation> {
  const [subject] = await index.mostRecent(1, { id }, options);
  if (!subject) throw new SteleError("ID_UNKNOWN", `no entry has the id ${JSON.stringify(id)}`);
  // All that is asked below is covered by what the first question waited for.
  const settled: AskOptions = { ...options, waitFor: "nothing" };
  const causes = await new Causes(index, settled).of(subject);
  const { before, omitted } = await sessionBefore(index, subject, settled);
  return { subject: { ...(await alone(index, subject, settled)), causes }, before, omitted };
}

async function alone(
  index: JournalIndex,
  entry: Entry,
  options: AskOptions,
): Promise<ExplainedEntry> {
  return { entry, audit: await auditOf(index, entry, options), causes: [], outcomes: [] };
}

/** Follows `parent`, and audits that were recorded as of an event. */
class Causes {
  readonly #index: JournalIndex;
  readonly #options: AskOptions;
  readonly #seen = new Set<number>();

  constructor(index: JournalIndex, options: AskOptions) {
    this.#index = index;
    this.#options = options;
  }

  async of(entry: Entry, depth = 0): Promise<readonly (ExplainedEntry | Unexplained)[]> {
    this.#seen.add(entry.seq);
    const causes: (ExplainedEntry | Unexplained)[] = [];
    const { id, parent } = entry.event;
    if (typeof parent === "string" && parent !== "")
      causes.push(await this.#parent(entry, parent, depth));
    if (typeof id !== "string" || id === "") return causes;
    const audits = { parent: id, type: "query", limit: MAX_AUDITS };
    for (const audit of (await this.#index.query(audits, this.#options)).entries) {
      if (!this.#seen.has(audit.seq)) causes.push(await this.#explained(audit, depth));
    }
    return causes;
  }

  async #parent(child: Entry, id: string, depth: number): Promise<ExplainedEntry | Unexplained> {
    if (depth === MAX_DEPTH) return { id, reason: "deep" };
    const found = await this.#find(child, id);
    if (!found) return { id, reason: "missing" };
    if (this.#seen.has(found.seq)) return { id, reason: "cycle" };
    return { ...(await this.#explained(found, depth + 1)) };
  }

  async #explained(entry: Entry, depth: number): Promise<ExplainedEntry> {
    this.#seen.add(entry.seq);
    const shown = await alone(this.#index, entry, this.#options);
    return { ...shown, causes: await this.of(entry, depth) };
  }

  /** The newest event of the id before the child; else the first behind it. */
  async #find(child: Entry, id: string): Promise<Entry | undefined> {
    if (child.seq > 0) {
      const before = { id, to: child.seq - 1 };
      const [found] = await this.#index.mostRecent(1, before, this.#options);
      if (found) return found;
    }
    const behind = { id, from: child.seq, limit: 1 };
    return (await this.#index.query(behind, this.#options)).entries[0];
  }
}

/** What the session did before, what each call led to below it. */
async function sessionBefore(
  index: JournalIndex,
  subject: Entry,
  options: AskOptions,
): Promise<Pick<Explanation, "before" | "omitted">> {
  const { session } = subject.event;
  if (typeof session !== "string" || session === "" || subject.seq === 0) {
    return { before: [], omitted: 0 };
  }
  const filter = { session, to: subject.seq - 1 };
  const newest = await index.mostRecent(MAX_BEFORE, filter, options);
  const { groups } = await index.stats(filter, options);
  const entries = newest.toReversed();
  const outcomes = Map.groupBy(entries, ({ event }) => event.parent);
  const before: ExplainedEntry[] = [];
  for (const entry of entries) {
    if (!TELLING.test(entry.event.type)) continue;
    const { id } = entry.event;
    const led = id === undefined ? [] : (outcomes.get(id) ?? []);
    const shown = led.filter(({ seq, event }) => seq > entry.seq && !TELLING.test(event.type));
    before.push({
      ...(await alone(index, entry, options)),
      outcomes: shown.map((one) => ({ entry: one, audit: undefined, causes: [], outcomes: [] })),
    });
  }
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return { before, omitted: Math.max(0, count - entries.length) };
}

/** The audit of a query, its assertions looked up among the events. */
async function auditOf(
  index: JournalIndex,
  { event }: Entry,
  options: AskOptions,
): Promise<QueryAudit | undefined> {
  const audit = event.type === "query" ? readAudit(event.data) : undefined;
  if (!audit) return undefined;
  const contributions: Contribution[] = [];
  for (const contribution of audit.contributions) {
    const { assertion } = contribution;
    const [entry] = await index.mostRecent(1, { id: assertion }, options);
    contributions.push({ ...contribution, entry });
  }
  return { ...audit, contributions };
}
