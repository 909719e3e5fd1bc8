import type { Hash, Hasher } from "../hash.ts";
import { isNatural, type TreeNode } from "../proof/layout.ts";

// Which tile holds which hash (C2SP tlog-tiles). Exact for trees of up to 2^53 - 1 leaves: sizes
// are divided by powers of two only, which a double does exactly.

/** How many hashes a full tile has, and how many entries a full bundle. */
export const TILE_WIDTH = 256;
/** How many levels of the tree one level of tiles spans. */
export const TILE_HEIGHT = 8;

/** A tile, whatever its width. */
export interface TilePlace {
  /** 0: its hashes are those of leaves. Else each is the hash of a full tile of the level below. */
  readonly level: number;
  /** 0-based, among the tiles of its level. */
  readonly index: number;
}

/** A tile with so many of its hashes: 256 when it is full, else 1 to 255. */
export interface Tile extends TilePlace {
  readonly width: number;
}

/** A full tile, by what it must hold. */
export interface TileHash extends TilePlace {
  /** Of the perfect subtree that it is of. */
  readonly hash: Hash;
  /** SHA-256 of its bytes, where it is known: compared faster than the hash. */
  readonly digest: Hash | undefined;
}

/** The tiles of one level: full ones from index 0 on, then a partial one unless its width is 0. */
export interface TileRow {
  readonly full: number;
  readonly partialWidth: number;
}

/** Some hashes of a tile: the slots `lo` to `hi - 1`. */
export interface TileSlots extends TilePlace {
  readonly lo: number;
  readonly hi: number;
}

/** How many leaves each hash of a tile at this level stands for. */
function leavesPerHash(level: number): number {
  return TILE_WIDTH ** level;
}

/** The tiles that a tree of this size has at a level. */
export function tileRow(level: number, size: number): TileRow {
  const hashes = hashesAtLevel(level, size);
  return { full: Math.floor(hashes / TILE_WIDTH), partialWidth: hashes % TILE_WIDTH };
}

/** How many levels of tiles a tree of this size has: 0 to 7. */
export function tileLevels(size: number): number {
  let levels = 0;
  while (hashesAtLevel(levels, size) > 0) levels++;
  return levels;
}

/** How many hashes the tile has in a tree of this size: 256 when it is full, 0 when it is not there. */
export function tileWidth({ level, index }: TilePlace, size: number): number {
  const behind = hashesAtLevel(level, size) - index * TILE_WIDTH;
  return Math.max(0, Math.min(TILE_WIDTH, behind));
}

/** The size that a tree has at least when the tile is full. */
export function leavesUpTo({ level, index }: TilePlace): number {
  return (index + 1) * leavesPerHash(level + 1);
}

/** Where a perfect subtree's hash is to be had: it is the `foldPerfect` of these slots. */
export function slotsOfNode({ level, index }: TreeNode): TileSlots {
  const width = 2 ** (level % TILE_HEIGHT);
  const first = index * width;
  const lo = first % TILE_WIDTH;
  const tile = { level: Math.floor(level / TILE_HEIGHT), index: Math.floor(first / TILE_WIDTH) };
  return { ...tile, lo, hi: lo + width };
}

/** The perfect subtrees whose hashes the tile consists of. */
export function nodesOfTile({ level, index, width }: Tile): TreeNode[] {
  const first = index * TILE_WIDTH;
  return Array.from({ length: width }, (_, slot) => ({
    level: level * TILE_HEIGHT,
    index: first + slot,
  }));
}

/** The hash of the perfect subtree above these nodes, of which there are a power of two. */
export function foldPerfect(hasher: Hasher, hashes: readonly Hash[]): Hash {
  let row = hashes;
  while (row.length > 1) {
    const above: Hash[] = [];
    for (let at = 0; at < row.length; at += 2) above.push(hasher.node(row[at]!, row[at + 1]!));
    row = above;
  }
  return row[0]!;
}

function hashesAtLevel(level: number, size: number): number {
  if (!isNatural(level) || !isNatural(size)) throw new RangeError(`level ${level}, size ${size}`);
  return Math.floor(size / leavesPerHash(level));
}
