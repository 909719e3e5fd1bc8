import type { Hash, Hasher } from "../hash.ts";
import { encodeTile } from "./bytes.ts";
import { TileEdge, type FilledTile } from "./edge.ts";
import { TILE_HEIGHT, TILE_WIDTH, type TileHash } from "./layout.ts";

/** Collects the hashes of the full tiles that a tree which grows from some size completes. */
export class TileHashes {
  /** So far, in the order in which they were completed. */
  readonly tiles: TileHash[] = [];
  readonly #hasher: Hasher;
  readonly #edge: TileEdge;
  /** The tile whose hash comes next. */
  #filled: FilledTile | undefined;

  constructor(hasher: Hasher, size: number) {
    this.#hasher = hasher;
    this.#edge = new TileEdge(size);
  }

  /** Takes a leaf as level 0, then the perfect subtrees that it completes, from level 1 up. */
  readonly note = (level: number, hash: Hash): void => {
    if (level % TILE_HEIGHT !== 0) return;
    if (this.#filled) this.tiles.push(tileHash(this.#hasher, this.#filled, hash));
    this.#filled = this.#edge.push(level / TILE_HEIGHT, hash);
  };
}

/** A tile that began before is known by its hash alone. */
function tileHash(hasher: Hasher, { level, index, hashes }: FilledTile, hash: Hash): TileHash {
  const isWhole = hashes.length === TILE_WIDTH;
  return { level, index, hash, digest: isWhole ? hasher.sha256(encodeTile(hashes)) : undefined };
}
