import type { Hash } from "@stele/core/hash";
import {
  decodeTile,
  formatTilePath,
  FULL_TILE_BYTES,
  leavesUpTo,
  parseTilePath,
  TILE_WIDTH,
  tileLevels,
  tileRow,
  type TilePlace,
} from "@stele/core/tile";
import type { Disk } from "./disk.ts";
import { listIfAny, orUndefined } from "./files.ts";
import { readHead } from "./head.ts";
import { join, TILE } from "./layout.ts";
import type { World } from "./world.ts";

/** The path of a full tile. */
export function fullTilePath(directory: string, tile: TilePlace): string {
  return join(directory, formatTilePath({ ...tile, width: TILE_WIDTH }));
}

/** The hashes of a full tile; undefined when there is no such file, or it has another length. */
export async function readFullTile(
  disk: Disk,
  directory: string,
  tile: TilePlace,
): Promise<readonly Hash[] | undefined> {
  const bytes = await readTileFile(disk, fullTilePath(directory, tile));
  return bytes && decodeTile(bytes, TILE_WIDTH);
}

/**
 * The tile file's bytes, one more than a full tile's at most; undefined when there is no such
 * file.
 */
export async function readTileFile(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  const file = await orUndefined(disk.openRead(path));
  if (!file) return undefined;
  try {
    const bytes = new Uint8Array(FULL_TILE_BYTES + 1);
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/** A directory has the tiles of a thousand indexes. */
const TILES_PER_DIRECTORY = 1000;

/** Full tiles of one level: those of the indexes `lo` to `hi - 1`. */
export interface TileRun {
  readonly level: number;
  readonly lo: number;
  readonly hi: number;
}

/**
 * The full tiles that a tree of this size has and the directory has not, by their names alone, from
 * level 0 up. Cost: the listing of a directory for each thousand tiles.
 */
export async function* missingTiles(
  disk: Disk,
  directory: string,
  size: number,
): AsyncGenerator<TileRun, void, undefined> {
  for (let level = 0; level < tileLevels(size); level++) {
    const { full } = tileRow(level, size);
    for (let first = 0; first < full; first += TILES_PER_DIRECTORY) {
      const there = new Set(await listBeside(disk, directory, { level, index: first }));
      const end = Math.min(full, first + TILES_PER_DIRECTORY);
      for (let lo = first; lo < end; lo++) {
        if (there.has(lo)) continue;
        let hi = lo + 1;
        while (hi < end && !there.has(hi)) hi++;
        yield { level, lo, hi };
        lo = hi;
      }
    }
  }
}

/**
 * How many entries the full tiles name at least, when that is more than `size`, which is how many
 * the ledger was found to have, and more than the head says by now; undefined when it is not. Only
 * where the first tile too many would lie is looked, in one directory for each level.
 */
export async function entriesOnlyInTiles(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
  size: number,
): Promise<number | undefined> {
  let named = size;
  for (const name of await listIfAny(world.disk, join(directory, TILE))) {
    const level = parseTilePath(`${TILE}/${name}/000`)?.level;
    if (level === undefined) continue;
    const next = { level, index: tileRow(level, size).full };
    const indexes = await listBeside(world.disk, directory, next);
    const last = indexes.reduce((one, other) => Math.max(one, other), -1);
    named = Math.max(named, leavesUpTo({ level, index: last }));
  }
  if (named === size) return undefined;
  // A tile is written behind the head: what a writer has added since the ledger was read shows.
  const head = await readHead(world, directory);
  return typeof head === "object" && head.size >= named ? undefined : named;
}

/** The indexes of the full tiles that lie in the tile's directory. */
async function listBeside(disk: Disk, directory: string, tile: TilePlace): Promise<number[]> {
  const path = formatTilePath({ ...tile, width: TILE_WIDTH });
  const holder = path.slice(0, path.lastIndexOf("/"));
  const names = await listIfAny(disk, join(directory, holder));
  const tiles = names.map((name) => parseTilePath(`${holder}/${name}`));
  return tiles.filter((found) => found !== undefined).map(({ index }) => index);
}
