import { Frontier } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import { TILE_HEIGHT, TileEdge, type FilledTile } from "@stele/core/tile";
import { primitives } from "../vectors/primitives.ts";

/** All tiles of a tree with these leaves, in the order in which they are filled, partial ones last. */
export function tilesOf(leaves: readonly Hash[]): FilledTile[] {
  const edge = new TileEdge();
  const tree = new Frontier(primitives);
  const tiles: FilledTile[] = [];
  const push = (level: number, hash: Hash): void => {
    if (level % TILE_HEIGHT !== 0) return;
    const tile = edge.push(level / TILE_HEIGHT, hash);
    if (tile) tiles.push(tile);
  };
  for (const leaf of leaves) {
    push(0, leaf);
    tree.append(leaf, push);
  }
  return [...tiles, ...edge.partialTiles()];
}
