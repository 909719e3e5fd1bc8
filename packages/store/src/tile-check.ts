import type { Hasher } from "@stele/core/hash";
import {
  decodeTile,
  foldPerfect,
  formatTilePath,
  leavesUpTo,
  TILE_WIDTH,
  type TileHash,
} from "@stele/core/tile";
import type { Finding } from "@stele/core/verdict";
import type { Disk } from "./disk.ts";
import type { SegmentReport } from "./segment-report.ts";
import { fullTilePath, readTileFile } from "./tile-files.ts";

/** How many tiles are read at the same time. */
const AT_ONCE = 16;

/**
 * Holds the full tiles that end in a segment against the tree of its entries, at every level. A
 * tile that is not there is none of its business: readers do without. Returns the finding that
 * covers the first entry. Cost: a short read for each tile, and 255 node hashes where a tile began
 * in an earlier segment.
 */
export async function checkTiles(
  disk: Disk,
  hasher: Hasher,
  directory: string,
  { tiles }: Pick<SegmentReport, "tiles">,
): Promise<Finding | undefined> {
  const findings: Finding[] = [];
  for (let at = 0; at < tiles.length; at += AT_ONCE) {
    const some = tiles.slice(at, at + AT_ONCE).map(async (tile) => {
      const bytes = await readTileFile(disk, fullTilePath(directory, tile));
      if (bytes && !holds(hasher, bytes, tile)) findings.push(wrong(tile));
    });
    await Promise.all(some);
  }
  return findings.toSorted((left, right) => left.seq - right.seq)[0];
}

function holds(hasher: Hasher, untrusted: Uint8Array, { digest, hash }: TileHash): boolean {
  if (digest !== undefined) return hasher.sha256(untrusted) === digest;
  const hashes = decodeTile(untrusted, TILE_WIDTH);
  return hashes !== undefined && foldPerfect(hasher, hashes) === hash;
}

function wrong(tile: TileHash): Finding {
  const path = formatTilePath({ ...tile, width: TILE_WIDTH });
  const seq = leavesUpTo({ ...tile, index: tile.index - 1 });
  const last = leavesUpTo(tile) - 1;
  const reason = `${path} does not hold the hashes of entries ${seq} to ${last}`;
  return { verdict: "corrupt", seq, reason };
}
