import type { SegmentHeader } from "@stele/core/ledger";
import { parseHeader } from "@stele/core/ledger";
import { startsAt } from "@stele/core/checker";
import { SteleError } from "@stele/core/error";
import { Frontier } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import { encodeTile, formatTilePath, TILE_WIDTH } from "@stele/core/tile";
import type { Disk } from "./disk.ts";
import { orUndefined } from "./files.ts";
import { join } from "./layout.ts";
import { scanLeaves } from "./leaf-scan.ts";
import { scanLines } from "./line-scanner.ts";
import { segmentPath } from "./segments.ts";
import { fullTilePath, readFullTile } from "./tile-files.ts";
import type { World } from "./world.ts";

/** What is about to be dropped: the entries from the first segment on, up to the next kept one. */
export interface PlannedCut {
  /** The `first` of each segment, that of the first kept one last. */
  readonly bounds: readonly number[];
  /** How many entries are sealed on disk. */
  readonly size: number;
}

/**
 * Checks the entries that are about to be dropped against their hashes and headers, and makes sure
 * that their hashes are in tiles of level 0 on stable storage: in full ones, and in a partial one
 * for a tile that is not full yet. Resolves with the root at each bound. Throws JOURNAL_DAMAGED.
 * Cost: a pass over what is dropped, a read of each tile, and a write of those that are not right.
 */
export async function keepHashes(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
  cut: PlannedCut,
): Promise<ReadonlyMap<number, Hash>> {
  const { disk } = world;
  const [from, to] = [cut.bounds[0]!, cut.bounds.at(-1)!];
  const tiles = new KeptTiles(disk, directory);
  const tree = await BoundedTree.at(world, directory, cut.bounds);
  const lo = from - (from % TILE_WIDTH);
  const rest = to % TILE_WIDTH;
  const hi = Math.min(cut.size, rest === 0 ? to : to - rest + TILE_WIDTH);
  const row: Hash[] = [];
  for await (const { first, hashes } of scanLeaves(world, directory, { lo, hi })) {
    for (const [place, hash] of hashes.entries()) {
      const seq = first + place;
      if (seq < from) tree.appendBefore(hash);
      else if (seq < to) tree.append(hash);
      row.push(hash);
      if (row.length === TILE_WIDTH) await tiles.keep((seq + 1) / TILE_WIDTH - 1, row.splice(0));
    }
  }
  if (row.length > 0) await tiles.keep(Math.floor(to / TILE_WIDTH), row.slice(0, rest));
  await tiles.settle();
  return tree.roots;
}

/** The tree of what is dropped, held against the header of each segment that it reaches. */
class BoundedTree {
  readonly roots: Map<number, Hash> = new Map<number, Hash>();
  readonly #headers: readonly SegmentHeader[];
  readonly #tree: Frontier;
  /** Of what was dropped before, the part in the same tile. */
  readonly #before: Frontier;

  private constructor(world: Pick<World, "primitives">, headers: readonly SegmentHeader[]) {
    this.#headers = headers;
    this.#tree = new Frontier(world.primitives, headers[0]!.first, headers[0]!.frontier);
    this.#before = new Frontier(world.primitives);
  }

  static async at(
    world: Pick<World, "disk" | "primitives">,
    directory: string,
    bounds: readonly number[],
  ): Promise<BoundedTree> {
    const headers: SegmentHeader[] = [];
    for (const first of bounds) headers.push(await readHeader(world.disk, directory, first));
    return new BoundedTree(world, headers);
  }

  /** Takes a hash of an entry that was dropped before: it comes from a tile, which may be wrong. */
  appendBefore(hash: Hash): void {
    this.#before.append(hash);
    const { first, frontier } = this.#headers[0]!;
    const { nodes, size } = this.#before;
    if (size < first % TILE_WIDTH) return;
    if (nodes.join() === frontier.slice(-nodes.length).join()) return;
    throw damaged(first - size, "a tile does not hold the hashes of entries that were pruned");
  }

  append(hash: Hash): void {
    const tree = this.#tree;
    tree.append(hash);
    const next = this.#headers[this.roots.size + 1];
    if (tree.size !== next?.first) return;
    const end = { sealedSize: tree.size, prev: hash, frontier: tree.nodes };
    if (!startsAt(next, end)) throw damaged(next.first, "it does not continue what lies before it");
    this.roots.set(tree.size, tree.root());
  }
}

/** The header of a segment. Throws JOURNAL_DAMAGED, JOURNAL_NEWER_FORMAT. */
/** The header of the segment that begins with entry `first`. Throws JOURNAL_DAMAGED. */
export async function readHeader(
  disk: Disk,
  directory: string,
  first: number,
): Promise<SegmentHeader> {
  const file = await disk.openRead(segmentPath(directory, first));
  let header: SegmentHeader | undefined;
  const line = (buffer: Uint8Array, start: number, end: number): "stop" => {
    header = parseHeader(buffer.subarray(start, end));
    return "stop";
  };
  try {
    await scanLines(file, {}, { line, piece: () => "stop" });
  } finally {
    await file.close();
  }
  if (header?.first === first) return header;
  throw damaged(first, "its segment has no header that fits its name");
}

/** Tiles of level 0, each of which is there, right and durable in the end. */
class KeptTiles {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #holders = new Set<string>();

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  async keep(index: number, hashes: readonly Hash[]): Promise<void> {
    const place = { level: 0, index };
    const isFull = hashes.length === TILE_WIDTH;
    const path = join(this.#directory, formatTilePath({ ...place, width: hashes.length }));
    // Its name may not be durable yet, even when it is there.
    for (let at = holderOf(path); at.length >= this.#directory.length; at = holderOf(at)) {
      this.#holders.add(at);
    }
    const stored = isFull ? await readFullTile(this.#disk, this.#directory, place) : undefined;
    if (stored?.join() === hashes.join()) return;
    await this.#disk.makeDirectory(holderOf(path));
    await this.#disk.run([{ kind: "replace", path, bytes: encodeTile(hashes) }]);
  }

  async settle(): Promise<void> {
    for (const holder of this.#holders) await this.#disk.syncDirectory(holder);
  }
}

/**
 * Removes the partial tile of an earlier cut at `first`, once the full one is there. What a crash
 * leaves of it is harmless.
 */
export async function removePartialTile(
  disk: Disk,
  directory: string,
  first: number,
): Promise<void> {
  const width = first % TILE_WIDTH;
  const place = { level: 0, index: Math.floor(first / TILE_WIDTH) };
  if (width === 0 || !(await readFullTile(disk, directory, place))) return;
  const holder = `${fullTilePath(directory, place)}.p`;
  const names = await orUndefined(disk.list(holder));
  for (const name of names ?? []) await disk.remove(join(holder, name));
  if (names) await disk.removeDirectory(holder);
}

function holderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function damaged(seq: number, reason: string): SteleError {
  const message = `the journal is damaged at entry ${seq}: ${reason}`;
  return new SteleError("JOURNAL_DAMAGED", message, { seq });
}
