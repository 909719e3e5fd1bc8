import { SteleError } from "@stele/core/error";
import type { Clock, Manifest, World } from "@stele/store";
import { LedgerReader, type EntryPlace } from "@stele/store/reading";
import { CandidateSearch, type Search } from "./candidates.ts";
import type { EntryColumns } from "./entry-columns.ts";
import { readColumns } from "./entry-source.ts";
import { indexClosed, indexFailed, isBusy, isCorrupt, Stale } from "./index-error.ts";
import { IndexFile, takesNoFile, type Cursor } from "./index-file.ts";
import type { Stat } from "./stats.ts";
import { sumRows, type SumRequest } from "./sums.ts";
import { readColumnsInThread } from "./threaded-source.ts";

/** How far an index has come. */
export interface Coverage {
  /** The entries before this one are indexed. */
  readonly size: number;
  /** Where the index is: in the journal's directory, or in this process only. */
  readonly kept: "directory" | "process";
}

/** Called while an index catches up: entries indexed, of how many. */
export type IndexProgress = (indexed: number, total: number) => void;

/** What answers from an index, in whatever thread. */
export interface IndexEngine {
  /** Brings the index up to what is sealed. Throws JOURNAL_DAMAGED, INDEX_FAILED. */
  catchUp(onProgress: IndexProgress): Promise<Coverage>;
  /** As `catchUp`, for nobody who waits: it gives way to a writer that is in a rush. */
  follow(): Promise<Coverage>;
  /** The entries that may meet the conditions. */
  find(search: Search): Promise<readonly EntryPlace[]>;
  sum(request: SumRequest): Promise<readonly Stat[]>;
  /** Makes the index anew: it was seen to say what is not so. */
  rebuild(): Promise<void>;
  close(): Promise<void>;
}

/** The name of the index in a journal's directory. */
const INDEX_NAME = "index.sqlite";
/** So many entries are added in one go; questions are answered in between. */
const SLICE_ENTRIES = 512;
/** When it is this far behind, so many: each go has a price of its own. */
const FAR_BEHIND = 10_000;
const FAR_SLICE_ENTRIES = 4096;
/** When it is this far behind and somebody waits, another thread reads for it. */
const VERY_FAR_BEHIND = 50_000;
const BUSY_DELAY_MS = 20;
/** A writer that gets so far ahead of an index that follows is in a rush, */
const RUSH_ENTRIES = 16_384;
/** and has the machine for so many times as long as the index had it last. */
const RUSH_PAUSE_FACTOR = 6;

/** An index in this thread. */
export class Projection implements IndexEngine {
  readonly #clock: Clock;
  readonly #directory: string;
  readonly #ledger: LedgerReader;
  readonly #path: string | undefined;
  #open: { readonly file: IndexFile; readonly search: CandidateSearch } | undefined;
  #kept: Coverage["kept"];
  #cursor: Cursor | undefined;
  #catching: Promise<Coverage> | undefined;
  #isClosed = false;
  /** How many wait for the index to be brought up. */
  #asking = 0;

  /** `isOnMachine`: whether the world's disk is the machine's, so that SQLite can have a file. */
  constructor(
    world: World,
    directory: string,
    options: { readonly manifest: Manifest; readonly isOnMachine: boolean },
  ) {
    this.#clock = world.clock;
    this.#directory = directory;
    this.#ledger = new LedgerReader(world, directory, options.manifest);
    this.#path = options.isOnMachine ? `${directory}/${INDEX_NAME}` : undefined;
    this.#kept = options.isOnMachine ? "directory" : "process";
  }

  async catchUp(onProgress: IndexProgress): Promise<Coverage> {
    this.#asking++;
    try {
      return await this.#turn(onProgress);
    } finally {
      this.#asking--;
    }
  }

  follow(): Promise<Coverage> {
    return this.#turn(() => undefined);
  }

  #turn(onProgress: IndexProgress): Promise<Coverage> {
    // Who asks while it is being brought up gets a turn of their own: more may be sealed now.
    const turn = (this.#catching ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#mended(() => this.#catchUp(onProgress)));
    this.#catching = turn;
    return turn;
  }

  find(search: Search): Promise<readonly EntryPlace[]> {
    return this.#mended(() => Promise.resolve(this.#opened().search.find(search)));
  }

  sum(request: SumRequest): Promise<readonly Stat[]> {
    return this.#mended(() => {
      const { file, search } = this.#opened();
      return Promise.resolve(sumRows(file, search, request));
    });
  }

  async rebuild(): Promise<void> {
    this.#discard();
    await this.catchUp(() => undefined);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#catching?.catch(() => undefined);
    this.#open?.file[Symbol.dispose]();
    this.#open = undefined;
  }

  /** Does the work; when the index turns out to be no good, makes it anew and does it again. */
  async #mended<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isCorrupt(error)) throw indexFailed(this.#name, error);
    }
    try {
      this.#discard();
      await this.#catchUp(() => undefined);
      return await work();
    } catch (error) {
      throw indexFailed(this.#name, error);
    }
  }

  get #name(): string {
    return this.#path ?? "in memory";
  }

  #opened(): { readonly file: IndexFile; readonly search: CandidateSearch } {
    if (this.#open) return this.#open;
    const file = this.#openFile();
    return (this.#open = { file, search: new CandidateSearch(file) });
  }

  #openFile(): IndexFile {
    if (this.#path === undefined || this.#kept === "process") return IndexFile.openTemporary();
    try {
      return IndexFile.open(this.#path);
    } catch (error) {
      if (isCorrupt(error) || !takesNoFile(this.#directory, error)) throw error;
      this.#kept = "process";
      return IndexFile.openTemporary();
    }
  }

  #discard(): void {
    this.#open?.file[Symbol.dispose]();
    this.#open = undefined;
    this.#cursor = undefined;
    if (this.#path !== undefined && this.#kept === "directory") IndexFile.remove(this.#path);
  }

  async #catchUp(onProgress: IndexProgress): Promise<Coverage> {
    if (this.#isClosed) throw indexClosed();
    const { file } = this.#opened();
    // Before the size: another process may index what is sealed meanwhile.
    let cursor = file.cursor();
    const [{ size }, first] = await Promise.all([this.#ledger.durable(), this.#ledger.first()]);
    if (this.#cursor?.hash !== cursor.hash || cursor.next !== size) {
      await this.#check(cursor, { size, first });
    }
    if (first > cursor.first && cursor.hash !== null) cursor = file.forgetBefore(first);
    while (cursor.next < size) cursor = await this.#feed(file, cursor, { size, first, onProgress });
    this.#cursor = cursor;
    return { size: cursor.next, kept: this.#kept };
  }

  /** Throws Stale when the index is of another journal, or of one that was rolled back. */
  async #check(
    { next, hash }: Cursor,
    { size, first }: { readonly size: number; readonly first: number },
  ): Promise<void> {
    if (hash === null) return;
    if (next > size) throw new Stale(`it goes to ${next}, the ledger to ${size}`);
    if (next < first) throw new Stale("what it should have next was pruned");
    // Where more entries follow, the link of the next one is compared instead.
    if (next > first && next === size && (await this.#ledger.get(next - 1)).entry.hash !== hash) {
      throw new Stale("its last entry is another one in the ledger");
    }
  }

  /** Adds what follows the cursor, until it is done or another process was faster. */
  async #feed(
    file: IndexFile,
    from: Cursor,
    until: { readonly size: number; readonly first: number; readonly onProgress: IndexProgress },
  ): Promise<Cursor> {
    let cursor = from;
    let sealed = until.size;
    const start = from.hash === null ? until.first : from.next;
    // Reading counts as work too.
    let startMs = this.#clock.nowMs();
    for await (const columns of this.#source({ from: start, to: until.size - 1 })) {
      if (cursor.hash !== null && columns.prev !== cursor.hash) {
        throw new Stale(`entry ${columns.first} does not follow what it has`);
      }
      cursor = await this.#add(file, columns, cursor);
      if (this.#isClosed) throw indexClosed();
      until.onProgress(cursor.next, until.size);
      if (cursor.next !== columns.first + columns.count) return cursor;
      sealed = await this.#giveWay(cursor.next, sealed, this.#clock.nowMs() - startMs);
      startMs = this.#clock.nowMs();
    }
    if (cursor.next < until.size && cursor === from) {
      throw new SteleError("JOURNAL_DAMAGED", `entry ${start} is missing`, { seq: start });
    }
    return cursor;
  }

  #source({
    from,
    to,
  }: {
    readonly from: number;
    readonly to: number;
  }): AsyncIterable<EntryColumns> {
    const behind = to + 1 - from;
    const count = behind > FAR_BEHIND ? FAR_SLICE_ENTRIES : SLICE_ENTRIES;
    const isAsked = this.#asking > 0 && this.#path !== undefined;
    return isAsked && behind > VERY_FAR_BEHIND
      ? readColumnsInThread(this.#directory, { from, to, count })
      : readColumns(this.#ledger, { from, to, count });
  }

  /** Lets others run, and a writer that is in a rush for longer. Resolves with what is sealed. */
  async #giveWay(next: number, sealedBefore: number, tookMs: number): Promise<number> {
    await this.#clock.turn();
    if (this.#asking > 0) return sealedBefore;
    const { size } = await this.#ledger.durable();
    const isRush = size > sealedBefore && size - next > RUSH_ENTRIES;
    if (isRush) await this.#clock.delay(Math.max(1, RUSH_PAUSE_FACTOR * tookMs));
    return size;
  }

  async #add(file: IndexFile, columns: EntryColumns, cursor: Cursor): Promise<Cursor> {
    for (;;) {
      try {
        return file.add(columns, cursor);
      } catch (error) {
        if (!isBusy(error)) throw error;
        await this.#clock.delay(BUSY_DELAY_MS);
      }
    }
  }
}
