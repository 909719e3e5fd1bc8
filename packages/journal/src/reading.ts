import { SteleError } from "@stele/core/error";
import { formatVerifierKey } from "@stele/core/key";
import type { KeyChangeReason } from "@stele/core/key-event";
import type { Hold } from "@stele/core/hold";
import type { Entry } from "@stele/core/ledger";
import {
  JournalIndex,
  type AskOptions,
  type Filter,
  type LinesPage,
  type Query,
  type QueryPage,
  type StatsQuery,
  type StatsResult,
} from "@stele/index";
import { agentKeysOf, readAgents, type AgentKey } from "./agent-registry.ts";
import { readManifest, type Manifest, type World } from "@stele/store";
import {
  lastSeal,
  LedgerReader,
  listSegments,
  readKeyHistory,
  segmentPath,
  type EntryLine,
  type KeyHistory,
  type ReadRange,
} from "@stele/store/reading";
import { TreeReader } from "@stele/store/tiles";
import {
  isPublishedBy,
  keyOfSize,
  readPublished,
  type PublishedCheckpoint,
} from "@stele/store/checkpoint";
import type { Verdict } from "@stele/core/verdict";
import { checkGrowth, readOldCheckpoint, type Consistency } from "./consistency.ts";
import { ContentCursor } from "./content-cursor.ts";
import { readContent } from "./contents.ts";
import { findHeld, readHolds } from "./holds.ts";
import { Prover } from "./prover.ts";
import { ofSession, type SessionSource } from "./session/source.ts";
import { SessionView } from "./session/view.ts";
import { publishJournal, type Published, type PublishOptions } from "./publish.ts";
import { verifyLedger, withSecret, type VerifyOptions } from "./verify.ts";
import { explain, type Explanation } from "./why.ts";
import { isThisMachine, thisMachine } from "./world.ts";

/** The time of one key. */
export interface KeyEpoch {
  /** The vkey. */
  readonly publicKey: string;
  /** The `seq` of the first entry that it seals. */
  readonly first: number;
  /** How many entries there were when it ended; null while it lasts. */
  readonly endSize: number | null;
  /** Why it ended. */
  readonly reason: KeyChangeReason | null;
}

/** How many of a session's entries are asked of the index at once. */
const SESSION_PAGE = 1000;

/** How a journal is opened for reading. */
export interface ReaderOptions {
  /**
   * Whether questions are answered from DIR/index.sqlite, which is then made and kept up to date;
   * else each reads the whole ledger. Default true: from the first question on.
   */
  readonly index?: boolean | undefined;
  /** Called when the index begins to fail while it follows: of a journal that is written to. */
  readonly onProblem?: ((problem: SteleError) => void) | undefined;
}

/** Reads a journal's sealed entries, without a lock, also while another process writes it. */
export class JournalReader implements AsyncDisposable {
  /** The journal's name. */
  readonly origin: string;
  /** The vkey that the journal itself states. */
  readonly publicKey: string;
  readonly #world: World;
  readonly #directory: string;
  readonly #manifest: Manifest;
  readonly #ledger: LedgerReader;
  readonly #tree: TreeReader;
  /** The newest seal and the keys when there were so many entries. */
  #known:
    | { readonly size: number; readonly seal: string; readonly history: KeyHistory }
    | undefined;

  #index: JournalIndex | undefined;
  readonly #hasIndex: boolean;
  readonly #onProblem: ReaderOptions["onProblem"];

  /** For `openReader` and `openJournal`. */
  constructor(world: World, directory: string, manifest: Manifest, options: ReaderOptions = {}) {
    this.#hasIndex = options.index ?? true;
    this.#onProblem = options.onProblem;
    this.origin = manifest.origin;
    this.publicKey = manifest.publicKey;
    this.#world = world;
    this.#directory = directory;
    this.#manifest = manifest;
    this.#ledger = new LedgerReader(world, directory, manifest);
    this.#tree = new TreeReader(world, directory);
  }

  /** How many entries are sealed and on disk now. */
  async size(): Promise<number> {
    return (await this.#ledger.durable()).size;
  }

  /** The `seq` of the first entry that was not pruned: 0 when none was. */
  first(): Promise<number> {
    return this.#ledger.first();
  }

  /**
   * The entries of the range that are sealed when reading starts, each checked against its hash
   * and its link; from 0 on means from the first that was not pruned. Throws JOURNAL_DAMAGED at the
   * first that is not intact, SEQ_PRUNED when the range begins with one that was pruned. Memory:
   * about a mebibyte.
   */
  async *read(range: ReadRange = {}): AsyncGenerator<Entry, void, undefined> {
    for await (const { entry } of this.#ledger.read(range)) yield entry;
  }

  /** As `read`, with each entry's line as it is stored, for tools that pass entries on. */
  readLines(range: ReadRange = {}): AsyncGenerator<EntryLine, void, undefined> {
    return this.#ledger.read(range);
  }

  /**
   * The entries from `from` on, then each new one as soon as it is sealed, until the signal
   * aborts.
   */
  async *follow(
    from = 0,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<Entry, void, undefined> {
    for await (const { entry } of this.#ledger.follow(from, options)) yield entry;
  }

  /** As `follow`, with each entry's line as it is stored. */
  followLines(
    from = 0,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<EntryLine, void, undefined> {
    return this.#ledger.follow(from, options);
  }

  /** One entry, by a few small reads. Throws SEQ_OUT_OF_RANGE, SEQ_PRUNED. */
  async get(seq: number): Promise<Entry> {
    return (await this.#ledger.get(seq)).entry;
  }

  /**
   * The newest published checkpoint: what is in DIR/checkpoint, with the witnesses' cosignatures,
   * or the newest seal when that is newer and the other not cosigned. With `seal` always the newest
   * seal. A signed C2SP checkpoint to keep elsewhere. Throws SEQ_OUT_OF_RANGE in an empty journal.
   */
  async checkpoint(options: { readonly seal?: boolean } = {}): Promise<string> {
    const seal = await this.newestSeal();
    const published = options.seal ? undefined : await this.#published();
    if (published && (published.isCosigned || published.text.startsWith(seal ?? ""))) {
      return published.text;
    }
    if (seal !== undefined) return seal;
    throw new SteleError("SEQ_OUT_OF_RANGE", "the journal has no seal yet: it is empty");
  }

  /**
   * Writes what `checkpoint` gives and the log that it covers into the directory `out`, for a
   * static file server: C2SP tlog-tiles, and only what is missing there since the last time. At
   * every moment, also after a crash, `out` is a valid log. Throws PUBLISH_CONFLICT when `out` is
   * not an older state of this journal, JOURNAL_LOCKED while somebody else publishes there.
   */
  async publish(out: string, options: PublishOptions = {}): Promise<Published> {
    const checkpoint = await this.checkpoint();
    const source = { world: this.#world, directory: this.#directory, manifest: this.#manifest };
    return publishJournal({ ...source, checkpoint, size: await this.size() }, out, options);
  }

  /** The newest seal's note; undefined in an empty journal. */
  async newestSeal(): Promise<string | undefined> {
    const { segment, segmentBytes } = await this.#ledger.durable();
    const segments = await listSegments(this.#world.disk, this.#directory);
    // A crash between a rotation and the first commit leaves a last segment without a seal.
    for (const first of segments.filter((candidate) => candidate <= segment).toReversed()) {
      const path = segmentPath(this.#directory, first);
      const sizeBytes = first === segment ? segmentBytes : undefined;
      const note = await lastSeal(this.#world.disk, path, sizeBytes);
      if (note !== undefined) return note;
    }
    return undefined;
  }

  /**
   * The bytes of an entry's content, checked against the commitment in the entry; undefined when
   * the entry names no such content. Throws CONTENT_ERASED, with the `seq` of the entry that says
   * so, when they were erased; JOURNAL_DAMAGED when they are missing or other ones.
   */
  async content(seq: number, name: string): Promise<Uint8Array | undefined> {
    const get = (at: number): Promise<EntryLine> => this.#ledger.get(at);
    return readContent({ world: this.#world, directory: this.#directory, get }, seq, name);
  }

  /** For reading many contents in the order of their entries. To be closed. */
  contents(): ContentCursor {
    return new ContentCursor(this.#world, this.#directory, this.content.bind(this));
  }

  /** The holds in force: what cannot be erased or pruned. Cost: a pass over the journal. */
  async holds(): Promise<readonly Hold[]> {
    return (await readHolds(this.#ledger)).active;
  }

  /**
   * The first entry of the range, both ends included, that a hold is over, and the hold; undefined
   * when nothing speaks against dropping it. Cost: two passes.
   */
  firstHeld(range: {
    readonly from: number;
    readonly to: number;
  }): Promise<{ readonly seq: number; readonly hold: Hold } | undefined> {
    return findHeld(this.#ledger, range);
  }

  /**
   * The keys that seal the journal, oldest first, as its entries name them; `verify` checks that.
   * A short read for each segment.
   */
  async keys(): Promise<readonly KeyEpoch[]> {
    const { epochs } = await readKeyHistory(this.#world, this.#directory, this.#manifest.key);
    return epochs.map(({ key, first, end }) => ({
      publicKey: formatVerifierKey(key),
      first,
      endSize: end?.size ?? null,
      reason: end?.reason ?? null,
    }));
  }

  /**
   * The proof file of one entry (spec/proofs.md section 6): text that anybody who knows the first
   * public key, or a later one, can check offline. A few short reads. Throws SEQ_OUT_OF_RANGE,
   * SEQ_PRUNED, and JOURNAL_DAMAGED when the entry is not what was sealed.
   */
  async prove(seq: number): Promise<string> {
    const line = await this.#ledger.get(seq);
    return (await this.#prover()).prove(line);
  }

  /**
   * The lines of an extract (spec/proofs.md section 7), each with its newline: the entries from one
   * to another, both included, with what proves them. Throws as `prove`; what came before is no
   * extract then. Memory: about a mebibyte.
   */
  async *extract(range: {
    readonly from: number;
    readonly to: number;
  }): AsyncGenerator<string, void, undefined> {
    const { from, to } = range;
    if (!(from <= to)) {
      throw new SteleError("OPTION_INVALID", `there are no entries from ${from} to ${to}`);
    }
    for (const end of [from, to]) await this.#ledger.get(end);
    yield* (await this.#prover()).extract({ from, to });
  }

  /**
   * Whether the newest checkpoint extends an older one of this journal, with the proof if so.
   * `key`: the vkey that signed the older one, where the journal may have lost the entry that names
   * it. Throws NOTE_ and CHECKPOINT_ codes when it is by none of these keys, and JOURNAL_DAMAGED.
   */
  async consistency(
    oldCheckpoint: Uint8Array | string,
    options: { readonly key?: string | undefined } = {},
  ): Promise<Consistency> {
    const { seal, published, history } = await this.#sealed();
    const evidence = { checkpoint: oldCheckpoint, key: options.key };
    const old = readOldCheckpoint(this.#world, history, evidence);
    const isEnough = published && published.checkpoint.size >= old.checkpoint.size;
    const newest = isEnough ? published.text : seal;
    const grown = { world: this.#world, directory: this.#directory, history, newest };
    return checkGrowth(grown, old);
  }

  /**
   * The keys that agents sign, or signed, with, as sealed entries name them. Reads what was added
   * since DIR/agents was written; without it every entry.
   */
  async agentKeys(): Promise<readonly AgentKey[]> {
    const known = { ledger: this.#ledger, origin: this.origin };
    return agentKeysOf((await readAgents(this.#world, this.#directory, known)).changes);
  }

  /**
   * A page of the entries that meet all conditions, by the index; each is read from the ledger and
   * checked against its hash and the conditions. By default everything is covered that is sealed
   * at the call. Throws OPTION_INVALID, JOURNAL_DAMAGED, INDEX_FAILED.
   */
  query(query: Query = {}, options: AskOptions = {}): Promise<QueryPage> {
    return this.index.query(query, options);
  }

  /** As `query`, with each entry's line as it is stored, for tools that pass entries on. */
  queryLines(query: Query = {}, options: AskOptions = {}): Promise<LinesPage> {
    return this.index.queryLines(query, options);
  }

  /** The newest entries that meet the conditions, newest first, whichever agent's they are. */
  mostRecent(
    count: number,
    filter: Filter = {},
    options: AskOptions = {},
  ): Promise<readonly Entry[]> {
    return this.index.mostRecent(count, filter, options);
  }

  /** Whether the journal has any entry of the agent. */
  hasAny(agent: string, options: AskOptions = {}): Promise<boolean> {
    return this.index.hasAny(agent, options);
  }

  /**
   * How many entries meet the conditions, and the exact sums of their amounts, by hour, agent, tool
   * and so on. Figures by the index, and no evidence; with `scan` by the ledger.
   */
  stats(query: StatsQuery = {}, options: AskOptions = {}): Promise<StatsResult> {
    return this.index.stats(query, options);
  }

  /**
   * What led to the event of this id: the events that caused it, the audit of the query that it
   * rests on, and what its session did before. Every entry is read from the ledger. Throws
   * ID_UNKNOWN.
   */
  why(id: string, options: AskOptions = {}): Promise<Explanation> {
    return explain(this.index, id, options);
  }

  /**
   * Where the index is that answered so far: in the journal's directory, or in this process alone,
   * because no file can be there. Undefined when none did.
   */
  get indexKept(): "directory" | "process" | undefined {
    return this.#index?.kept;
  }

  /**
   * A session's sums, counts and hash, as its sealed entries leave them now. Costs its entries, by
   * the index; without one, the whole ledger. Throws OPTION_INVALID, JOURNAL_DAMAGED, INDEX_FAILED.
   */
  session(id: string): Promise<SessionView> {
    return SessionView.read(id, this.sessionSource());
  }

  /**
   * Frees what questions need: a thread and a file. Reading goes on; the next question takes them
   * again.
   */
  async close(): Promise<void> {
    const index = this.#index;
    this.#index = undefined;
    await index?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Where sessions' entries are found. */
  protected sessionSource(): SessionSource {
    const scan = (session: string, upTo: number): AsyncIterable<Entry> =>
      ofSession(this.#keptBelow(upTo), session);
    return {
      primitives: this.#world.primitives,
      sealed: () => this.size(),
      first: () => this.first(),
      get: (seq) => this.get(seq),
      scan,
      entries: (session, upTo) =>
        this.#hasIndex ? this.#entriesOf(session, upTo) : scan(session, upTo),
    };
  }

  /** What is left of the entries below a size, which may be nothing. */
  async *#keptBelow(upTo: number): AsyncGenerator<Entry, void, undefined> {
    if (upTo > (await this.first())) yield* this.read({ to: upTo - 1 });
  }

  /** A session's entries below a size, by the index. Throws SEQ_PRUNED. */
  async *#entriesOf(session: string, upTo: number): AsyncGenerator<Entry, void, undefined> {
    if (upTo <= 0) return;
    let after: number | undefined;
    do {
      const page = await this.index.query({ session, to: upTo - 1, limit: SESSION_PAGE, after });
      // So that what was dropped between two pages is not left out in silence.
      if (after !== undefined) await this.get(after + 1);
      yield* page.entries;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  /** What answers questions; from the first use on. */
  protected get index(): JournalIndex {
    const options = {
      manifest: this.#manifest,
      isOnMachine: isThisMachine(this.#world),
      isOff: !this.#hasIndex,
      onProblem: this.#onProblem,
    };
    return (this.#index ??= new JournalIndex(this.#world, this.#directory, options));
  }

  /** Why the index cannot follow, if it is used and cannot. */
  protected get indexProblem(): SteleError | undefined {
    return this.#index?.problem;
  }

  /** Tells the index, if there is one yet, that more is sealed. */
  protected noteSealed(): void {
    this.#index?.noteSealed();
  }

  /** Checks the whole journal; see `Verdict`. */
  verify(options: VerifyOptions = {}): Promise<Verdict> {
    return verifyLedger(this.#world, this.#directory, options);
  }

  async #prover(): Promise<Prover> {
    const { seal: newestSeal, published, history } = await this.#sealed();
    return new Prover({
      world: this.#world,
      directory: this.#directory,
      ledger: this.#ledger,
      tree: this.#tree,
      history,
      published: published?.text,
      newestSeal,
    });
  }

  /** What is sealed now, and then the keys: a change that comes between is in the history. */
  async #sealed(): Promise<{
    readonly seal: string;
    readonly published: PublishedCheckpoint | undefined;
    readonly history: KeyHistory;
  }> {
    const published = await this.#published();
    const { size } = await this.#ledger.durable();
    if (this.#known?.size === size) return { ...this.#known, published };
    const seal = await this.checkpoint({ seal: true });
    const firstKey = await withSecret(this.#world, this.#manifest, {});
    const history = await readKeyHistory(this.#world, this.#directory, firstKey);
    this.#known = { size, seal, history };
    return { seal, published, history };
  }

  /** DIR/checkpoint, when the journal's key signed it. */
  async #published(): Promise<PublishedCheckpoint | undefined> {
    const { disk, primitives } = this.#world;
    const published = await readPublished(disk, this.#directory, this.origin);
    if (typeof published === "string") return undefined;
    const { size } = published.checkpoint;
    const known = this.#known && size <= this.#known.size ? this.#known.history : undefined;
    const history =
      known ?? (await readKeyHistory(this.#world, this.#directory, this.#manifest.key));
    const key = keyOfSize(history, published.checkpoint.size);
    return isPublishedBy(primitives, published, key) ? published : undefined;
  }
}

/**
 * Opens a journal for reading. Throws JOURNAL_MISSING, JOURNAL_NOT_A_JOURNAL,
 * JOURNAL_NEWER_FORMAT, MANIFEST_MALFORMED.
 */
export async function openReader(
  directory: string,
  options: ReaderOptions = {},
): Promise<JournalReader> {
  const world = thisMachine();
  const manifest = await readManifest(world.disk, world.primitives, directory);
  return new JournalReader(world, directory, manifest, options);
}
