import type { Hash, Hasher } from "../hash.ts";
import { rootNodes, type TreeNode } from "../proof/layout.ts";
import {
  foldPerfect,
  nodesOfTile,
  TILE_WIDTH,
  tileLevels,
  tileRow,
  type TilePlace,
} from "./layout.ts";

/** A tile with its hashes. */
export interface FilledTile extends TilePlace {
  /**
   * As many as the tile has, up to 256. Fewer than that, its last ones, when the edge did not know
   * what came before it.
   */
  readonly hashes: readonly Hash[];
}

/** The perfect subtrees whose hashes are the rows of a `TileEdge` of this size, level by level. */
export function edgeNodes(size: number): TreeNode[][] {
  return Array.from({ length: tileLevels(size) }, (_, level) => {
    const { full, partialWidth } = tileRow(level, size);
    return nodesOfTile({ level, index: full, width: partialWidth });
  });
}

/** The nodes of the `Frontier` of a tree, from the rows of its edge. */
export function frontierOfEdge(hasher: Hasher, rows: readonly (readonly Hash[])[]): Hash[] {
  return rows.toReversed().flatMap((row) =>
    rootNodes(row.length).map(({ level, index }) => {
      const leaves = 2 ** level;
      return foldPerfect(hasher, row.slice(index * leaves, (index + 1) * leaves));
    }),
  );
}

interface Row {
  /** The tile that is being filled. */
  index: number;
  /** How many hashes it has. */
  width: number;
  /** The last ones of them; all, unless the beginning is not known. */
  hashes: Hash[];
}

/**
 * The right edge of a growing tree's tiles: at each level the hashes that fill no tile yet. It is
 * given hashes and computes none: leaves as level 0, and the hash of each full tile as the next
 * hash of the level above, which `Frontier.append` finds on its way.
 */
export class TileEdge {
  readonly #size: number;
  readonly #rows: Row[] = [];

  /**
   * The edge of a tree of this size. `rows` are the hashes of the partial tile at each level, from
   * level 0 up, as far as they are known; RangeError when a level has fewer.
   */
  constructor(size = 0, rows: readonly (readonly Hash[])[] = []) {
    this.#size = size;
    for (const [level, hashes] of rows.entries()) {
      const { width } = this.#row(level);
      if (hashes.length > width) throw new RangeError(`${hashes.length} hashes at level ${level}`);
      this.#row(level).hashes = [...hashes];
    }
  }

  /** Adds the next hash of a level, and returns the tile that it completes, if it does. */
  push(level: number, hash: Hash): FilledTile | undefined {
    const row = this.#row(level);
    row.hashes.push(hash);
    row.width++;
    if (row.width < TILE_WIDTH) return undefined;
    const { index, hashes } = row;
    this.#rows[level] = { index: index + 1, width: 0, hashes: [] };
    return { level, index, hashes };
  }

  /** The partial tiles, from level 0 up; none where a level has no hash behind its full tiles. */
  partialTiles(): FilledTile[] {
    const tiles = this.#rows.map(({ index, hashes }, level) => ({ level, index, hashes }));
    return tiles.filter(({ hashes }) => hashes.length > 0);
  }

  #row(level: number): Row {
    while (this.#rows.length <= level) {
      const { full, partialWidth } = tileRow(this.#rows.length, this.#size);
      this.#rows.push({ index: full, width: partialWidth, hashes: [] });
    }
    return this.#rows[level]!;
  }
}
