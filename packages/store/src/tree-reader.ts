import { SteleError } from "@stele/core/error";
import { Frontier, frontierLength } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import type { TreeNode } from "@stele/core/proof";
import {
  foldPerfect,
  slotsOfNode,
  TILE_HEIGHT,
  TILE_WIDTH,
  TileEdge,
  tileWidth,
  type TilePlace,
} from "@stele/core/tile";
import { readHeader } from "./kept-hashes.ts";
import { scanLeaves } from "./leaf-scan.ts";
import { listSegments } from "./segments.ts";
import { readFullTile } from "./tile-files.ts";
import type { World } from "./world.ts";

/** How many tiles are read at the same time. */
const AT_ONCE = 16;

/** How many hashes are kept: of all the full tiles that a tile of the next but one level needs. */
const KNOWN_MAX = TILE_WIDTH * TILE_WIDTH;

/** Some hashes that stand in tiles of one level: those of the indexes `lo` to `hi - 1`. */
interface Row {
  readonly level: number;
  readonly lo: number;
  readonly hi: number;
}

/**
 * Reads hashes of a journal's tree, without a lock, also beside a writer. Verifies nothing: who
 * asks for hashes holds what comes of them against a signed root, and when it is another one asks
 * again for those `fromLedger`.
 */
export class TreeReader {
  readonly #world: Pick<World, "disk" | "primitives">;
  readonly #directory: string;
  /** Hashes that were read before: those of perfect subtrees never change. */
  readonly #known = new Map<string, Hash>();

  constructor(world: Pick<World, "disk" | "primitives">, directory: string) {
    this.#world = world;
    this.#directory = directory;
  }

  /**
   * The hashes of perfect subtrees that lie in the first `size` entries, which are durable; in the
   * order asked. Each comes from a full tile; from the ledger where there is none of the right
   * length. Cost: a short read for each tile that is needed, and for hashes near the tree's right
   * edge up to 255 more for each level, the first time. Throws JOURNAL_DAMAGED where the ledger is
   * needed and bad.
   */
  async hashes(nodes: readonly TreeNode[], size: number): Promise<Hash[]> {
    requireBelow(nodes, size);
    const tiles = new Map<string, Promise<readonly Hash[]>>();
    const read = (tile: TilePlace): Promise<readonly Hash[]> => {
      const name = `${tile.level} ${tile.index}`;
      const reading = tiles.get(name) ?? this.#tile(tile, size);
      tiles.set(name, reading);
      return reading;
    };
    try {
      return await Promise.all(
        nodes.map(async (node) => this.#recall(node) ?? this.#read(node, read)),
      );
    } catch (error) {
      // A tile of dropped entries is missing, which these nodes may do without.
      if (!(error instanceof SteleError) || error.code !== "JOURNAL_DAMAGED") throw error;
      return this.fromLedger(nodes, size);
    }
  }

  /**
   * As `hashes`, from the ledger alone: from the entries' bytes, and of dropped ones from what the
   * first segment's header says, or tiles. Cost: all the entries below the nodes, about a second
   * for a million.
   */
  async fromLedger(nodes: readonly TreeNode[], size: number): Promise<Hash[]> {
    requireBelow(nodes, size);
    const { disk, primitives } = this.#world;
    const [first = 0] = await listSegments(disk, this.#directory);
    const frontier = first === 0 ? [] : (await readHeader(disk, this.#directory, first)).frontier;
    const dropped = new Frontier(primitives, first, frontier);
    const hashes: Hash[] = [];
    for (const { level, index } of nodes) {
      const leaves = 2 ** level;
      const lo = index * leaves;
      const tree = new Frontier(primitives, ...partOf(dropped, lo, leaves));
      for await (const page of this.#leaves(lo + tree.size, lo + leaves)) {
        for (const hash of page) tree.append(hash);
      }
      hashes.push(tree.root());
    }
    return hashes;
  }

  /** The tile's hashes in a tree of this size, from its file or from what it is made of. */
  async #tile(tile: TilePlace, size: number): Promise<readonly Hash[]> {
    const width = tileWidth(tile, size);
    if (width === TILE_WIDTH) {
      const stored = await readFullTile(this.#world.disk, this.#directory, tile);
      if (stored) return stored;
    }
    const lo = tile.index * TILE_WIDTH;
    const row = { level: tile.level, lo, hi: lo + width };
    return tile.level === 0 ? collect(this.#leaves(row.lo, row.hi)) : this.#above(row, size);
  }

  /** Hashes of one level, each of which is that of a full tile of the level below. */
  async #above(row: Row, size: number): Promise<readonly Hash[]> {
    const level = row.level - 1;
    const hashes: (Hash | undefined)[] = [];
    for (let at = row.lo; at < row.hi; at += AT_ONCE) {
      const count = Math.min(AT_ONCE, row.hi - at);
      const places = Array.from({ length: count }, (_, place) => ({ level, index: at + place }));
      hashes.push(...(await Promise.all(places.map((place) => this.#foldStored(place)))));
    }
    for (let lo = hashes.indexOf(undefined); lo >= 0; lo = hashes.indexOf(undefined, lo)) {
      const next = hashes.findIndex((hash, place) => place > lo && hash !== undefined);
      const hi = next < 0 ? hashes.length : next;
      const missing = { level: row.level, lo: row.lo + lo, hi: row.lo + hi };
      hashes.splice(lo, hi - lo, ...(await this.#rebuilt(missing, size)));
    }
    return hashes as Hash[];
  }

  async #read(node: TreeNode, read: (tile: TilePlace) => Promise<readonly Hash[]>): Promise<Hash> {
    const { lo, hi, ...tile } = slotsOfNode(node);
    const row = await read(tile);
    return this.#remember(node, foldPerfect(this.#world.primitives, row.slice(lo, hi)));
  }

  #recall({ level, index }: TreeNode): Hash | undefined {
    return this.#known.get(`${level} ${index}`);
  }

  #remember({ level, index }: TreeNode, hash: Hash): Hash {
    if (this.#known.size === KNOWN_MAX) this.#known.clear();
    this.#known.set(`${level} ${index}`, hash);
    return hash;
  }

  async #foldStored(tile: TilePlace): Promise<Hash | undefined> {
    const node = { level: TILE_HEIGHT * (tile.level + 1), index: tile.index };
    const known = this.#recall(node);
    if (known !== undefined) return known;
    const stored = await readFullTile(this.#world.disk, this.#directory, tile);
    if (!stored) return undefined;
    return this.#remember(node, foldPerfect(this.#world.primitives, stored));
  }

  /** As `#above`, where the tiles below are missing. */
  async #rebuilt({ level, lo, hi }: Row, size: number): Promise<readonly Hash[]> {
    const hashes: Hash[] = [];
    if (level > 1) {
      for (let index = lo; index < hi; index++) {
        const below = await this.#tile({ level: level - 1, index }, size);
        hashes.push(foldPerfect(this.#world.primitives, below));
      }
      return hashes;
    }
    // Many leaves in a row are read much faster than each tile's by itself.
    const edge = new TileEdge(lo * TILE_WIDTH);
    for await (const page of this.#leaves(lo * TILE_WIDTH, hi * TILE_WIDTH)) {
      for (const leaf of page) {
        const tile = edge.push(0, leaf);
        if (tile) hashes.push(foldPerfect(this.#world.primitives, tile.hashes));
      }
    }
    return hashes;
  }

  async *#leaves(lo: number, hi: number): AsyncGenerator<readonly Hash[], void, undefined> {
    for await (const { hashes } of scanLeaves(this.#world, this.#directory, { lo, hi }))
      yield hashes;
  }
}

/** Of the subtree of `leaves` leaves at `lo`, what the frontier of all dropped ones has. */
function partOf(dropped: Frontier, lo: number, leaves: number): [number, readonly Hash[]] {
  const { size, nodes } = dropped;
  const inside = Math.max(0, size - lo);
  if (inside < leaves) return [inside, nodes.slice(nodes.length - frontierLength(inside))];
  // One that is all dropped stands in the frontier itself, or nowhere in it.
  const upTo = Math.floor(size / leaves);
  const isThere = upTo % 2 === 1 && (upTo - 1) * leaves === lo;
  return isThere ? [leaves, [nodes[frontierLength(upTo) - 1]!]] : [0, []];
}

async function collect(pages: AsyncIterable<readonly Hash[]>): Promise<Hash[]> {
  return (await Array.fromAsync(pages)).flat();
}

function requireBelow(nodes: readonly TreeNode[], size: number): void {
  for (const { level, index } of nodes) {
    if ((index + 1) * 2 ** level <= size) continue;
    throw new RangeError(`node ${index} of level ${level} is not in a tree of ${size} leaves`);
  }
}
