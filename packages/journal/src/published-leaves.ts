import { leafHash, type Hash } from "@stele/core/hash";
import { decodeBundle, formatBundlePath, TILE_WIDTH } from "@stele/core/tile";
import type { World } from "@stele/store";
import { listSegments } from "@stele/store/reading";
import { scanLeaves } from "@stele/store/tiles";
import type { Site } from "./site.ts";

/** Some leaves in a row: their hashes, and their bytes where there are any for bundles. */
export interface PublishedPage {
  readonly hashes: readonly Hash[];
  readonly leaves: readonly Uint8Array[];
}

/** What is published: the entries from `from` on, which starts a tile, up to `to`. */
export interface PublishedRange {
  readonly from: number;
  readonly to: number;
  readonly withEntries: boolean;
  /** How many entries the checkpoint covers that is there. */
  readonly known: number;
}

/**
 * The leaves to publish. Of entries that were pruned there are hashes alone, but for those that the
 * site has in the last bundle it was given: so a bundle is whole, or it is not written.
 */
export async function* leavesToPublish(
  world: World,
  directory: string,
  site: Site,
  range: PublishedRange,
): AsyncGenerator<PublishedPage, void, undefined> {
  const { from, to, withEntries, known } = range;
  const first = (await listSegments(world.disk, directory))[0] ?? 0;
  if (!withEntries || from >= first) {
    return yield* scanLeaves(world, directory, { lo: from, hi: to, withBytes: withEntries });
  }
  const pruned = await hashesOf(world, directory, { lo: from, hi: Math.min(first, to) });
  const stored =
    known >= first ? await storedLeaves(world, site, { from, known, pruned }) : undefined;
  if (stored) {
    yield { hashes: pruned, leaves: stored };
    return yield* scanLeaves(world, directory, { lo: first, hi: to, withBytes: true });
  }
  const begin = Math.min(to, Math.ceil(first / TILE_WIDTH) * TILE_WIDTH);
  for await (const { hashes } of scanLeaves(world, directory, { lo: from, hi: begin })) {
    yield { hashes, leaves: [] };
  }
  yield* scanLeaves(world, directory, { lo: begin, hi: to, withBytes: true });
}

async function hashesOf(
  world: World,
  directory: string,
  range: { readonly lo: number; readonly hi: number },
): Promise<readonly Hash[]> {
  const pages = await Array.fromAsync(scanLeaves(world, directory, range));
  return pages.flatMap(({ hashes }) => hashes);
}

/** The bytes of pruned entries in the site's partial bundle, if they are those of the hashes. */
async function storedLeaves(
  { primitives }: World,
  site: Site,
  {
    from,
    known,
    pruned,
  }: {
    readonly from: number;
    readonly known: number;
    readonly pruned: readonly Hash[];
  },
): Promise<readonly Uint8Array[] | undefined> {
  const width = known - from;
  if (width < 1 || width >= TILE_WIDTH) return undefined;
  const bytes = await site.read(formatBundlePath({ index: from / TILE_WIDTH, width }));
  const leaves = bytes && decodeBundle(bytes, width)?.slice(0, pruned.length);
  const isRight = leaves?.every((leaf, place) => leafHash(primitives, leaf) === pruned[place]);
  return isRight ? leaves : undefined;
}
