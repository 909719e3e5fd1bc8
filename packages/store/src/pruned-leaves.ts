import { startsAt, type SegmentStart } from "@stele/core/checker";
import { SteleError } from "@stele/core/error";
import { Frontier } from "@stele/core/frontier";
import { ZERO_HASH, type Hash } from "@stele/core/hash";
import type { SegmentHeader } from "@stele/core/ledger";
import { decodeTile, formatTilePath, TILE_WIDTH, type TileHash } from "@stele/core/tile";
import { TileHashes } from "@stele/core/tile-hashes";
import type { Disk } from "./disk.ts";
import { listIfAny, readFileIfAny } from "./files.ts";
import { join } from "./layout.ts";
import { fullTilePath, readFullTile } from "./tile-files.ts";
import type { World } from "./world.ts";

/** What is left of entries that were pruned: their hashes, as tiles of level 0. */
export interface PrunedHashes {
  /** Where what follows them must start. */
  readonly end: SegmentStart;
  /** Roots at the sizes asked for, as far as they reach. */
  readonly roots: ReadonlyMap<number, Hash>;
  /** The full tiles of every level that they fill. */
  readonly tiles: readonly TileHash[];
}

/**
 * The hashes of the pruned entries `lo` to `hi - 1`, tile by tile, as the files have them: who uses
 * them holds what comes of them against a signed root. Throws JOURNAL_DAMAGED where one is missing.
 */
export async function* prunedLeaves(
  disk: Disk,
  directory: string,
  { lo, hi }: { readonly lo: number; readonly hi: number },
): AsyncGenerator<{ readonly first: number; readonly hashes: readonly Hash[] }, void, undefined> {
  for (let next = lo; next < hi;) {
    const index = Math.floor(next / TILE_WIDTH);
    const start = index * TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, hi - start);
    const hashes = await readLeafTile(disk, directory, { index, width });
    if (!hashes) throw missing(next, formatTilePath({ level: 0, index, width: TILE_WIDTH }));
    yield { first: next, hashes: hashes.slice(next - start, width) };
    next = start + width;
  }
}

/**
 * The first `width` hashes at least of a tile of level 0: of the full one, or of one that was
 * written at a cut, when it was not full.
 */
async function readLeafTile(
  disk: Disk,
  directory: string,
  { index, width }: { readonly index: number; readonly width: number },
): Promise<readonly Hash[] | undefined> {
  const place = { level: 0, index };
  const full = await readFullTile(disk, directory, place);
  if (full || width === TILE_WIDTH) return full;
  const partials = `${fullTilePath(directory, place)}.p`;
  const widths = (await listIfAny(disk, partials)).map(Number);
  const widest = widths.filter((one) => one < TILE_WIDTH).toSorted((one, two) => two - one)[0];
  if (widest === undefined || !(widest >= width)) return undefined;
  const bytes = await readFileIfAny(disk, join(partials, String(widest)), TILE_WIDTH * 32);
  return bytes && decodeTile(bytes, widest);
}

/**
 * What the hashes of all entries before `first` lead to. Cost: a short read for each 256 of them,
 * and a node hash each. Throws JOURNAL_DAMAGED where some are missing.
 */
export async function readPrunedHashes(
  { disk, primitives }: Pick<World, "disk" | "primitives">,
  directory: string,
  wanted: { readonly first: number; readonly roots: readonly number[] },
): Promise<PrunedHashes> {
  const tree = new Frontier(primitives);
  const tiles = new TileHashes(primitives, 0);
  const roots = new Map<number, Hash>();
  let prev: Hash = ZERO_HASH;
  for await (const page of prunedLeaves(disk, directory, { lo: 0, hi: wanted.first })) {
    for (const hash of page.hashes) {
      tiles.note(0, hash);
      tree.append(hash, tiles.note);
      if (wanted.roots.includes(tree.size)) roots.set(tree.size, tree.root());
      prev = hash;
    }
  }
  const end = { sealedSize: tree.size, prev, frontier: tree.nodes };
  return { end, roots, tiles: tiles.tiles };
}

/** Whether a segment begins where the pruned hashes end. */
export function continues(header: SegmentHeader, { end }: PrunedHashes): boolean {
  return startsAt(header, end);
}

function missing(seq: number, tile: string): SteleError {
  const message = `the journal is damaged at entry ${seq}: it was pruned, and ${tile} is missing`;
  return new SteleError("JOURNAL_DAMAGED", message, { seq });
}
