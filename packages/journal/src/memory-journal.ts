import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { isKeyName } from "@stele/core/key";
import type { Entry } from "@stele/core/ledger";
import { parseNote } from "@stele/core/note";
import { TILE_WIDTH } from "@stele/core/tile";
import type { Verdict } from "@stele/core/verdict";
import { createJournalFiles, type World } from "@stele/store";
import { MemoryDisk } from "@stele/store/memory";
import { machineWorld } from "@stele/store/node";
import { dropLeafTiles, dropSegments } from "@stele/store/pruning";
import { findSegment, listSegments } from "@stele/store/reading";
import { requireReach } from "./held-checkpoint.ts";
import { Journal, openAs, type JournalParts, type OpenOptions, type Receipt } from "./journal.ts";
import { generateKey, keySigner } from "./key-store.ts";
import { verifyLedger, type VerifyOptions } from "./verify.ts";

/** How a journal in memory is opened. */
export interface MemoryJournalOptions extends Pick<
  OpenOptions,
  "deduplicationWindow" | "signer" | "onProblem" | "records" | "world"
> {
  /** Its name. Default `stele.local/memory`. */
  readonly origin?: string | undefined;
  /** How many entries can be read: the newest ones. Default 10,000; from 1 to 10,000,000. */
  readonly maxEntries?: number | undefined;
}

/** What a bounded journal holds at one moment. */
export interface MemorySnapshot {
  /** How many entries can be read. */
  readonly count: number;
  /** How many were evicted: the `seq` of the first entry that can be read. */
  readonly evicted: number;
  /** The newest entries, the oldest of them first. */
  readonly recent: readonly Entry[];
  /** What a check of everything that is kept found. */
  readonly verdict: Verdict;
}

const DIRECTORY = "/journal";
const DEFAULT_ORIGIN = "stele.local/memory";
const DEFAULT_ENTRIES = 10_000;
const MAX_ENTRIES = 10_000_000;
/** Evicted is what whole segments hold: so much more than can be read is kept at most. */
const SEGMENT_BYTES = 64 * 1024;
/** So many tiles may be written after their entries were evicted. */
const LATE_TILES = 128;

/**
 * A journal in this process's memory that holds a number of entries, the newest ones, in flat
 * memory: what it holds verifies from the first kept entry. It is gone with the process.
 */
export class MemoryJournal extends Journal {
  /** How many entries can be read at most. */
  readonly maxEntries: number;
  readonly #world: World;
  readonly #directory: string;
  #evicting: Promise<void> | undefined;
  #tiles = 0;
  #looks = 0;

  /** For `openMemoryJournal`. */
  constructor(world: World, directory: string, parts: JournalParts) {
    super(world, directory, parts);
    this.#world = world;
    this.#directory = directory;
    this.maxEntries = parts.open.manifest.maxEntries!;
  }

  /** How many entries can be read. */
  get count(): number {
    return Math.min(this.sealedSize, this.maxEntries);
  }

  /** The newest entries, the oldest of them first. */
  async recent(count: number): Promise<readonly Entry[]> {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new SteleError("OPTION_INVALID", `recent takes a whole number, not ${count}`);
    }
    if (count === 0) return [];
    const entries: Entry[] = [];
    await this.#keeping(async () => {
      for await (const entry of this.read({ reverse: true })) {
        if (entries.push(entry) === count) break;
      }
    });
    return entries.toReversed();
  }

  /** For an endpoint that shows how it is doing. Checks everything that is kept. */
  async snapshot(recent = 10): Promise<MemorySnapshot> {
    const entries = await this.recent(recent);
    const newest = entries.at(-1);
    const size = newest ? newest.seq + 1 : this.sealedSize;
    const count = Math.min(size, this.maxEntries);
    const verdict = await this.verify();
    return { count, evicted: size - count, recent: entries, verdict };
  }

  /** Checks all that is kept: from the first kept entry on. */
  override verify(options: VerifyOptions = {}): Promise<Verdict> {
    return this.#keeping(() => verifyLedger(this.#world, this.#directory, options, true));
  }

  /** As of any journal: what was evicted is in it by its hashes. */
  override prove(seq: number): Promise<string> {
    return this.#keeping(() => super.prove(seq));
  }

  /** As of any journal; SEQ_PRUNED for a checkpoint of evicted entries only. */
  override consistency(
    oldCheckpoint: Uint8Array | string,
    options: { readonly key?: string | undefined } = {},
  ): ReturnType<Journal["consistency"]> {
    return this.#keeping(async () => {
      const [first = 0] = await listSegments(this.#world.disk, this.#directory);
      const { text } = parseNote(
        typeof oldCheckpoint === "string" ? utf8(oldCheckpoint) : oldCheckpoint,
      );
      requireReach(parseCheckpoint(text).size, first);
      return super.consistency(oldCheckpoint, options);
    });
  }

  /** What is being looked at must not go meanwhile. */
  async #keeping<T>(look: () => Promise<T>): Promise<T> {
    using _ = await this.#beginLook();
    return await look();
  }

  async *#kept<T>(reading: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    using _ = await this.#beginLook();
    yield* reading;
  }

  /** Until what it resolves with is disposed of, nothing is evicted. */
  async #beginLook(): Promise<Disposable> {
    this.#looks++;
    await this.#evicting;
    return {
      [Symbol.dispose]: () => {
        this.#looks--;
        this.#startEvicting();
      },
    };
  }

  /** Refused: what would prove the earlier key is evicted in time. */
  override rotateKey(): Promise<Receipt> {
    const message = "a journal in memory has one key";
    return Promise.reject(new SteleError("OPTION_INVALID", message));
  }

  /** Refused: it drops the oldest by itself. */
  override prune(): ReturnType<Journal["prune"]> {
    const message = "a journal in memory evicts its oldest entries by itself";
    return Promise.reject(new SteleError("OPTION_INVALID", message));
  }

  /** Refused: nothing could keep what it is over. */
  override addHold(): ReturnType<Journal["addHold"]> {
    const message = "a journal in memory evicts its oldest entries, whatever is to be held";
    return Promise.reject(new SteleError("OPTION_INVALID", message));
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#evicting;
  }

  protected override sessionSource(): ReturnType<Journal["sessionSource"]> {
    const source = super.sessionSource();
    const scan: typeof source.scan = (session, upTo) => this.#kept(source.scan(session, upTo));
    return { ...source, scan };
  }

  protected override noteSealed(): void {
    super.noteSealed();
    this.#startEvicting();
  }

  #startEvicting(): void {
    if (this.#looks > 0) return;
    this.#evicting ??= this.#evict()
      // A closed disk, or one that somebody gave and that fails, which the writer meets too.
      .catch(() => undefined)
      .finally(() => {
        this.#evicting = undefined;
      });
  }

  /** Drops the segments that hold nothing that can be read. */
  async #evict(): Promise<void> {
    const { disk } = this.#world;
    const kept = this.sealedSize - this.maxEntries;
    if (kept <= 0) return;
    const segments = await listSegments(disk, this.#directory);
    const first = findSegment(segments, kept) ?? 0;
    if (first <= segments[0]!) return;
    await dropSegments(disk, this.#directory, first);
    const tiles = Math.floor(first / TILE_WIDTH);
    const lo = Math.max(0, this.#tiles - LATE_TILES);
    await dropLeafTiles(disk, this.#directory, { lo, hi: tiles });
    this.#tiles = tiles;
  }
}

/**
 * Opens a new journal in memory, with a key of its own unless a signer is given: the API of
 * `openJournal`, nothing on any disk. Throws OPTION_INVALID, KEY_ codes.
 */
export async function openMemoryJournal(
  options: MemoryJournalOptions = {},
): Promise<MemoryJournal> {
  const { origin = DEFAULT_ORIGIN, maxEntries = DEFAULT_ENTRIES, ...rest } = options;
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1 || maxEntries > MAX_ENTRIES) {
    const message = `maxEntries must be from 1 to 10,000,000, not ${String(maxEntries)}`;
    throw new SteleError("OPTION_INVALID", message);
  }
  if (!isKeyName(origin)) {
    const message = `${JSON.stringify(origin)} cannot name a journal`;
    throw new SteleError("OPTION_INVALID", message);
  }
  const world = options.world ?? machineWorld(new MemoryDisk());
  const { signer: given } = options;
  if (typeof given === "function") {
    throw new SteleError("OPTION_INVALID", "a new journal needs its signer at once");
  }
  const signer = given ?? keySigner(world, generateKey(world, origin));
  const settings = { signer, segmentBytes: SEGMENT_BYTES };
  await createJournalFiles(world, DIRECTORY, settings);
  return openAs(MemoryJournal, DIRECTORY, { ...rest, world, signer, index: false }, maxEntries);
}
