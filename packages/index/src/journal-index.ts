import { SteleError } from "@stele/core/error";
import type { Entry } from "@stele/core/ledger";
import type { Manifest, World } from "@stele/store";
import { LedgerReader, type EntryLine, type EntryPlace } from "@stele/store/reading";
import type { Search } from "./candidates.ts";
import { checkFilter, meets, type Conditions, type Filter } from "./filter.ts";
import { Projection, type Coverage, type IndexEngine, type IndexProgress } from "./projection.ts";
import { scanStats, scanLedger } from "./scan.ts";
import { checkGroup, type Group, type Stat } from "./stats.ts";
import { ThreadedProjection } from "./threaded-projection.ts";

/** How a question is answered. */
export interface AskOptions {
  /**
   * What the answer must cover: all that is sealed at the call (`sealed`, the default), the entry
   * of this receipt, or whatever is indexed by now (`nothing`), which does not wait.
   */
  readonly waitFor?: { readonly seq: number } | "sealed" | "nothing" | undefined;
  /** Read the ledger itself, without the index: slow, and complete whatever became of the index. */
  readonly scan?: boolean | undefined;
  /** Called while the index catches up with the ledger: entries indexed, of how many. */
  readonly onProgress?: IndexProgress | undefined;
}

/** Which entries are wanted. */
export interface Query extends Filter {
  /** By `seq`. Default `asc`. */
  readonly order?: "asc" | "desc" | undefined;
  /** At most so many: 1 to 10,000. Default 100. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly after?: number | undefined;
}

/** What entries are counted and summed. */
export interface StatsQuery extends Filter {
  /** Default: all together. */
  readonly groupBy?: Group | undefined;
}

/** A page of entries, each as the ledger has it now and checked against its hash. */
export interface QueryPage {
  readonly entries: readonly Entry[];
  /** What `after` takes for the page behind this one; null when this is the last. */
  readonly next: number | null;
  /** The entries before this one were looked at. */
  readonly size: number;
}

/** As QueryPage, with the lines. */
export interface LinesPage extends Pick<QueryPage, "next" | "size"> {
  readonly lines: readonly EntryLine[];
}

/** Counts and sums. They are as good as the index: figures, no evidence. */
export interface StatsResult {
  readonly groups: readonly Stat[];
  readonly size: number;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;
/** How long a writer gathers before its index follows. */
const GATHER_MS = 50;
/** How long an index that could not follow waits before it tries again. */
const RETRY_MS = 5000;
const POLL_MS = 5;
/** How long an entry is waited for that is not sealed yet. */
const PATIENCE_MS = 30_000;

/** The questions that a journal answers. What it finds is read from the ledger, and looked at. */
export class JournalIndex {
  readonly #world: World;
  readonly #ledger: LedgerReader;
  readonly #engine: IndexEngine | undefined;
  readonly #onProblem: ((problem: SteleError) => void) | undefined;
  #problem: SteleError | undefined;
  #coverage: Coverage | undefined;
  #following: Promise<void> | undefined;
  #sealedMore = false;
  #isClosed = false;
  readonly #stop = new AbortController();
  /** Resolved by the next `noteSealed`. */
  #sealed: PromiseWithResolvers<void> | undefined;

  /**
   * `isOnMachine`: whether the journal is on this machine's disk, so that the index can have a file
   * and a thread; else it is in memory. `isOff`: every question reads the ledger. `onProblem` is
   * called when following the ledger begins to fail.
   */
  constructor(
    world: World,
    directory: string,
    options: {
      readonly manifest: Manifest;
      readonly isOnMachine: boolean;
      readonly isOff?: boolean;
      readonly onProblem?: ((problem: SteleError) => void) | undefined;
    },
  ) {
    const { manifest, isOnMachine, isOff } = options;
    this.#onProblem = options.onProblem;
    this.#world = world;
    this.#ledger = new LedgerReader(world, directory, manifest);
    if (isOff) return;
    this.#engine = isOnMachine
      ? new ThreadedProjection(directory)
      : new Projection(world, directory, { manifest, isOnMachine });
  }

  /** Where the index is, once it was asked. */
  get kept(): Coverage["kept"] | undefined {
    return this.#coverage?.kept;
  }

  /** Why the index cannot follow the ledger, until it does again. */
  get problem(): SteleError | undefined {
    return this.#problem;
  }

  /** One page of the entries that meet all conditions. Throws OPTION_INVALID, JOURNAL_DAMAGED. */
  async query(query: Query = {}, options: AskOptions = {}): Promise<QueryPage> {
    const { lines, next, size } = await this.queryLines(query, options);
    return { entries: lines.map(({ entry }) => entry), next, size };
  }

  /** As `query`, with each entry's line as it is stored. */
  async queryLines(query: Query = {}, options: AskOptions = {}): Promise<LinesPage> {
    const { order = "asc", limit = DEFAULT_LIMIT, after, ...filter } = query;
    const search = { conditions: checkFilter(filter), order: checkOrder(order) };
    checkLimit(limit);
    const conditions = behind(search.conditions, after, order);
    // One more tells whether there is another page.
    const wanted = { conditions, order, limit: limit + 1 };
    const { lines, size } = await this.#find(wanted, options);
    const page = lines.slice(0, limit);
    return { lines: page, next: lines.length > limit ? page.at(-1)!.entry.seq : null, size };
  }

  /** The newest entries that meet the conditions, newest first, whoever's they are. */
  async mostRecent(
    count: number,
    filter: Filter = {},
    options: AskOptions = {},
  ): Promise<readonly Entry[]> {
    return (await this.query({ ...filter, order: "desc", limit: count }, options)).entries;
  }

  /** Whether there is any entry of the agent. */
  async hasAny(agent: string, options: AskOptions = {}): Promise<boolean> {
    return (await this.mostRecent(1, { agent }, options)).length > 0;
  }

  /** Counts and exact sums of the entries that meet the conditions, in groups. */
  async stats(query: StatsQuery = {}, options: AskOptions = {}): Promise<StatsResult> {
    const { groupBy, ...filter } = query;
    const group = checkGroup(groupBy);
    const conditions = checkFilter(filter);
    const engine = options.scan ? undefined : this.#engine;
    if (!engine) return scanStats(this.#ledger, conditions, group);
    const size = await this.#ready(engine, conditions, options);
    const request = { conditions: below(conditions, size), group };
    return { groups: await engine.sum(request), size };
  }

  /** Makes the index anew from the ledger. */
  async rebuild(): Promise<void> {
    await this.#engine?.rebuild();
  }

  /** Tells a writer's index that more is sealed: it follows soon. Costs the writer nothing. */
  noteSealed(): void {
    this.#sealedMore = true;
    this.#sealed?.resolve();
    this.#sealed = undefined;
    if (this.#engine && !this.#isClosed) this.#following ??= this.#follow(this.#engine);
  }

  /** Frees the index's thread and file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop.abort();
    this.#sealed?.resolve();
    await this.#engine?.close();
    await this.#following;
  }

  async #follow(engine: IndexEngine): Promise<void> {
    try {
      while (this.#sealedMore && !this.#isClosed) {
        await this.#pause(GATHER_MS);
        this.#sealedMore = false;
        if (this.#isClosed) return;
        try {
          this.#caughtUp(await engine.follow());
        } catch (error) {
          // Whoever asks next is told too. Nothing but the index waits for it.
          this.#fail(error as SteleError);
          this.#sealedMore = true;
          await this.#pause(RETRY_MS);
        }
      }
    } finally {
      this.#following = undefined;
    }
  }

  #caughtUp(coverage: Coverage): void {
    this.#coverage = coverage;
    this.#problem = undefined;
  }

  #fail(problem: SteleError): void {
    const isNew = this.#problem?.code !== problem.code;
    this.#problem = problem;
    if (isNew && !this.#isClosed) this.#onProblem?.(problem);
  }

  #nextSeal(): Promise<void> {
    return (this.#sealed ??= Promise.withResolvers<void>()).promise;
  }

  /** Ends early when the index is closed. */
  async #pause(ms: number): Promise<void> {
    await this.#world.clock.idleDelay(ms, this.#stop.signal).catch(() => undefined);
  }

  /** Waits until the index covers what is asked, and returns how far it goes. */
  async #ready(engine: IndexEngine, { to }: Conditions, options: AskOptions): Promise<number> {
    try {
      return await this.#covered(engine, options);
    } catch (error) {
      // What lies in front of the damage is as good as ever.
      const isDamage = error instanceof SteleError && error.code === "JOURNAL_DAMAGED";
      if (isDamage && error.seq !== undefined && to < error.seq) return error.seq;
      throw error;
    }
  }

  async #covered(engine: IndexEngine, options: AskOptions): Promise<number> {
    const { waitFor = "sealed", onProgress = () => undefined } = options;
    if (waitFor === "nothing" && this.#coverage) return this.#coverage.size;
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
      const coverage = await engine.catchUp(onProgress);
      this.#caughtUp(coverage);
      if (typeof waitFor === "string" || waitFor.seq < coverage.size) return coverage.size;
      if (this.#isClosed) throw new SteleError("JOURNAL_CLOSED", "the journal is closed");
      await Promise.race([this.#nextSeal(), this.#pause(POLL_MS)]);
    }
    const { seq } = waitFor as { readonly seq: number };
    const message = `entry ${seq} was waited for, and is not sealed`;
    throw new SteleError("SEQ_OUT_OF_RANGE", message, { seq });
  }

  async #find(
    asked: Search,
    options: AskOptions,
  ): Promise<{ readonly lines: readonly EntryLine[]; readonly size: number }> {
    const engine = options.scan ? undefined : this.#engine;
    if (!engine) return scanLedger(this.#ledger, asked);
    const size = await this.#ready(engine, asked.conditions, options);
    const search = { ...asked, conditions: below(asked.conditions, size) };
    let lines = await this.#collect(engine, search);
    if (lines === undefined) {
      await engine.rebuild();
      lines = await this.#collect(engine, search);
    }
    // An index that is wrong as soon as it is made: the ledger itself decides.
    return lines === undefined ? scanLedger(this.#ledger, search) : { lines, size };
  }

  /** Undefined when the index named a place where its entry is not, or one out of its turn. */
  async #collect(engine: IndexEngine, search: Search): Promise<readonly EntryLine[] | undefined> {
    const { order, limit } = search;
    let { conditions } = search;
    const lines: EntryLine[] = [];
    for (;;) {
      const rest = limit - lines.length;
      const found = await engine.find({ conditions, order, limit: rest });
      const read = inTurn(found, conditions, order) ? await this.#read(found) : undefined;
      if (read === undefined) return undefined;
      lines.push(...read.filter(({ entry }) => meets(entry, conditions)));
      if (lines.length >= limit || found.length < rest) return lines;
      conditions = behind(conditions, found.at(-1)!.seq, order);
    }
  }

  async #read(places: readonly EntryPlace[]): Promise<readonly EntryLine[] | undefined> {
    const lines: EntryLine[] = [];
    for (let at = 0; at < places.length; at += READ_AT_ONCE) {
      for (const line of await this.#ledger.readAt(places.slice(at, at + READ_AT_ONCE))) {
        if (line === undefined) return undefined;
        lines.push(line);
      }
    }
    return lines;
  }
}

/** Whether each entry is one of those that were asked for, and lies behind the one before it. */
function inTurn(
  found: readonly EntryPlace[],
  { from, to }: Conditions,
  order: "asc" | "desc",
): boolean {
  const step = order === "asc" ? 1 : -1;
  let last = order === "asc" ? from - 1 : to + 1;
  return found.every(({ seq }) => {
    const isNext = step * (seq - last) > 0 && seq >= from && seq <= to;
    last = seq;
    return isNext;
  });
}

/** How many entries are read at the same time. */
const READ_AT_ONCE = 200;

/** The conditions of what lies behind an entry. */
function behind(
  conditions: Conditions,
  after: number | undefined,
  order: "asc" | "desc",
): Conditions {
  if (after === undefined) return conditions;
  if (!Number.isSafeInteger(after) || after < 0) {
    throw invalid(`after takes the "next" of another page, not ${String(after)}`);
  }
  return order === "asc"
    ? { ...conditions, from: Math.max(conditions.from, after + 1) }
    : { ...conditions, to: Math.min(conditions.to, after - 1) };
}

/** The conditions among the first entries: another process may have indexed more meanwhile. */
function below(conditions: Conditions, size: number): Conditions {
  return { ...conditions, to: Math.min(conditions.to, size - 1) };
}

function checkOrder(untrusted: unknown): "asc" | "desc" {
  if (untrusted === "asc" || untrusted === "desc") return untrusted;
  throw invalid(`order is asc or desc, not ${JSON.stringify(untrusted)}`);
}

function checkLimit(untrusted: unknown): void {
  const isLimit = Number.isSafeInteger(untrusted) && Number(untrusted) >= 1;
  if (isLimit && Number(untrusted) <= MAX_LIMIT) return;
  throw invalid(`limit is from 1 to 10,000, not ${String(untrusted)}`);
}

function invalid(message: string): SteleError {
  return new SteleError("OPTION_INVALID", message);
}
