import type { SteleError } from "@stele/core/error";
import type { Hash } from "@stele/core/hash";
import { encodeTile, nodesOfTile, TILE_WIDTH, TileEdge, type FilledTile } from "@stele/core/tile";
import type { DiskStep } from "./disk.ts";
import { scanLeaves } from "./leaf-scan.ts";
import { fullTilePath, missingTiles, type TileRun } from "./tile-files.ts";
import { TreeReader } from "./tree-reader.ts";
import type { World } from "./world.ts";

/** Full tiles that wait for the disk; about 1.5 MiB. Further ones are read back when it is quiet. */
const WAITING_MAX = 64;
/** How many of them may come between two commits. */
const TOGETHER_MAX = 4;
/** While commits come, they have the disk for so long between two such writes, */
const PAUSE_MS = 20;
/** and for so many times as long as the last one took. */
const PAUSE_FACTOR = 9;
/** What was dropped in a rush is rebuilt when nothing has come for so long. */
const QUIET_MS = 200;

/**
 * Writes the full tiles of a journal behind its commits (spec/tiles.md section 1). It never says
 * more than is sealed on disk: it is told of entries only then. What it cannot take from memory,
 * at the start and after a long rush, it finds by the names that are missing and reads from the
 * ledger. Its failure is nobody else's: it stops, and the next opening catches up.
 */
export class TileKeeper {
  readonly #world: Pick<World, "disk" | "clock" | "primitives">;
  readonly #directory: string;
  readonly #tree: TreeReader;
  readonly #edge: TileEdge;
  readonly #waiting: FilledTile[] = [];
  readonly #made = new Map<number, string>();
  #size: number;
  /** What there was when it began: behind that a rush may be on. */
  readonly #startSize: number;
  /** Whether tiles may be missing that are not waiting. */
  #isBehind: boolean;
  #working: Promise<void> | undefined;
  /** Ends all waiting, for close. */
  readonly #closing = new AbortController();
  /** How many missing tiles it may still rebuild. */
  #left = Infinity;
  #failure: SteleError | undefined;

  /** Begins to look for missing tiles of the first `size` entries, which are sealed on disk. */
  constructor(
    world: Pick<World, "disk" | "clock" | "primitives">,
    directory: string,
    size: number,
  ) {
    this.#world = world;
    this.#directory = directory;
    this.#tree = new TreeReader(world, directory);
    this.#edge = new TileEdge(size);
    this.#size = size;
    this.#startSize = size;
    this.#isBehind = size >= TILE_WIDTH;
    this.#start();
  }

  /** Why it stopped; undefined while it goes on. */
  get failure(): SteleError | undefined {
    return this.#failure;
  }

  /**
   * Takes the hashes that a commit, now sealed on disk, adds to each level of tiles, leaves first.
   * Returns at once.
   */
  add(rows: readonly (readonly Hash[])[]): void {
    if (this.#failure) return;
    for (const [level, hashes] of rows.entries()) {
      for (const hash of hashes) {
        const tile = this.#edge.push(level, hash);
        if (tile) this.#take(tile);
      }
    }
    this.#size += rows[0]?.length ?? 0;
    this.#start();
  }

  /**
   * Writes what is waiting, and stops. What is missing it writes in part, so that short sessions
   * get there too. Never rejects.
   */
  async close(): Promise<void> {
    this.#left = WAITING_MAX;
    this.#closing.abort();
    await this.#working;
  }

  #take(tile: FilledTile): void {
    const isKnown = tile.hashes.length === TILE_WIDTH;
    if (isKnown && this.#waiting.length < WAITING_MAX) this.#waiting.push(tile);
    else this.#isBehind = true;
  }

  #start(): void {
    if (this.#waiting.length > 0 || this.#isBehind) this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    try {
      await this.#writeWaiting();
      while (this.#isBehind && this.#left > 0) {
        await this.#quiet();
        await this.#catchUp();
        await this.#writeWaiting();
      }
    } catch (error) {
      this.#failure = error as SteleError;
      this.#waiting.length = 0;
    }
    this.#working = undefined;
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, TOGETHER_MAX));
  }

  /** Waits until the rush is over; meanwhile what fits is written as it comes. */
  async #quiet(): Promise<void> {
    let size: number;
    do {
      size = this.#size;
      await this.#writeWaiting();
      if (size > this.#startSize) await this.#pause(QUIET_MS);
    } while (size !== this.#size && !this.#closing.signal.aborted);
    await this.#writeWaiting();
  }

  async #pause(ms: number): Promise<void> {
    // Rejects only when it is closed.
    await this.#world.clock.idleDelay(ms, this.#closing.signal).catch(() => undefined);
  }

  async #catchUp(): Promise<void> {
    this.#isBehind = false;
    const size = this.#size;
    for await (const run of missingTiles(this.#world.disk, this.#directory, size)) {
      for await (const tile of this.#rebuild(run, size)) {
        await this.#write([tile]);
        await this.#writeWaiting();
        if (--this.#left === 0) return;
      }
    }
  }

  async *#rebuild(
    { level, lo, hi }: TileRun,
    size: number,
  ): AsyncGenerator<FilledTile, void, undefined> {
    for (let index = lo; index < hi && level > 0; index++) {
      const nodes = nodesOfTile({ level, index, width: TILE_WIDTH });
      yield { level, index, hashes: await this.#tree.hashes(nodes, size) };
    }
    if (level > 0) return;
    // Many leaves in a row are read much faster than each tile's by itself.
    const edge = new TileEdge(lo * TILE_WIDTH);
    const leaves = { lo: lo * TILE_WIDTH, hi: hi * TILE_WIDTH };
    for await (const { hashes } of scanLeaves(this.#world, this.#directory, leaves)) {
      for (const hash of hashes) {
        const tile = edge.push(0, hash);
        if (tile) yield tile;
      }
    }
  }

  /**
   * System calls: mkdir, once for a thousand tiles; then, in one hand-over, of each tile open,
   * pwrite, fdatasync, close, rename.
   */
  async #write(tiles: readonly FilledTile[]): Promise<void> {
    const { disk, clock } = this.#world;
    const startMs = clock.nowMs();
    const size = this.#size;
    const steps: DiskStep[] = [];
    for (const tile of tiles) {
      const path = fullTilePath(this.#directory, tile);
      const holder = path.slice(0, path.lastIndexOf("/"));
      if (this.#made.get(tile.level) !== holder) await disk.makeDirectory(holder);
      this.#made.set(tile.level, holder);
      steps.push({ kind: "replace", path, bytes: encodeTile(tile.hashes) });
    }
    await disk.run(steps);
    if (this.#size === size) return;
    await this.#pause(Math.max(PAUSE_MS, PAUSE_FACTOR * (clock.nowMs() - startMs)));
  }
}
