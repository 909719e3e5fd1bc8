import { decodeUtf8, utf8 } from "@stele/core/bytes";
import type { Checkpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { Frontier } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import {
  edgeNodes,
  encodeBundle,
  encodeTile,
  formatBundlePath,
  formatTilePath,
  frontierOfEdge,
  TILE_HEIGHT,
  TILE_WIDTH,
  TileEdge,
  tileRow,
  type FilledTile,
} from "@stele/core/tile";
import {
  holdersOfNewNames,
  readFileIfAny,
  replaceFile,
  type DiskLock,
  type Manifest,
  type World,
} from "@stele/store";
import { listSegments, readKeyHistory } from "@stele/store/reading";
import { TreeReader } from "@stele/store/tiles";
import {
  isPublishedBy,
  keyOfSize,
  parsePublished,
  type PublishedCheckpoint,
} from "@stele/store/checkpoint";
import { leavesToPublish } from "./published-leaves.ts";
import { Site } from "./site.ts";

/** How a journal is published. */
export interface PublishOptions {
  /** Whether the entries themselves are published, and not their hashes alone. Default true. */
  readonly entries?: boolean | undefined;
}

/** What was published. */
export interface Published {
  /** How many entries the published checkpoint covers. */
  readonly size: number;
  /** The checkpoint, as it stands in the published directory. */
  readonly checkpoint: string;
  /** How many files were written for it, besides the checkpoint. */
  readonly files: number;
}

/** The journal that is published. */
export interface Source {
  readonly world: World;
  readonly directory: string;
  readonly manifest: Manifest;
  /** The checkpoint to publish: a signed note. */
  readonly checkpoint: string;
  /** How many entries are sealed on disk: as many as the checkpoint covers, or more. */
  readonly size: number;
}

/**
 * Writes the journal as a C2SP tlog-tiles log into the directory `out` (spec/tiles.md section 2),
 * which any static file server can serve: what is missing there since the last time, and the
 * checkpoint last, so that `out` is a valid log of its checkpoint at every moment, also after a
 * crash. All that is written was held against the checkpoint's root. Memory: a bundle, and about 2
 * MiB. Throws PUBLISH_CONFLICT when `out` is not an older state of this journal, JOURNAL_DAMAGED
 * when the entries do not lead to the root, JOURNAL_LOCKED while somebody else publishes there.
 */
export async function publishJournal(
  source: Source,
  out: string,
  options: PublishOptions = {},
): Promise<Published> {
  const { disk } = source.world;
  requirePublic(source.manifest);
  await refuseJournal(disk, out);
  const holders = await holdersOfNewNames(disk, out);
  await disk.makeDirectory(out);
  for (const holder of holders) await disk.syncDirectory(holder);
  const lock = await lockSite(source.world, out);
  try {
    return await new Publication(source, out, options.entries ?? true).publish();
  } finally {
    await lock.release();
  }
}

function requirePublic({ key }: Manifest): void {
  if (key.type === "ed25519") return;
  const message = "a journal that is sealed with a secret (HMAC) cannot be checked by the public";
  throw new SteleError("OPTION_INVALID", message, {
    fix: "publish a journal that is sealed with a key pair",
  });
}

async function refuseJournal(disk: World["disk"], out: string): Promise<void> {
  const path = `${out}/stele.json`;
  if (await readFileIfAny(disk, path)) throw conflict(`${out} is a journal`, path);
}

async function lockSite({ disk }: World, out: string): Promise<DiskLock> {
  try {
    return await disk.lock(`${out}/lock`);
  } catch (error) {
    if (!(error instanceof SteleError) || error.code !== "JOURNAL_LOCKED") throw error;
    const fix = "wait until the other publisher is done";
    throw new SteleError("JOURNAL_LOCKED", error.message, { path: out, cause: error, fix });
  }
}

/** Where the tree goes on: the hashes that fill no tile yet. */
type Rows = readonly (readonly Hash[])[];

class Publication {
  readonly #source: Source;
  readonly #out: string;
  readonly #withEntries: boolean;
  readonly #site: Site;

  constructor(source: Source, out: string, withEntries: boolean) {
    this.#source = source;
    this.#out = out;
    this.#withEntries = withEntries;
    this.#site = new Site(source.world.disk, out);
  }

  async publish(): Promise<Published> {
    const target = await this.#target();
    const { size } = target.checkpoint;
    const before = await this.#before();
    const known = before?.checkpoint.size ?? 0;
    const rows = before ? await this.#rowsAt(before) : [];
    // A cosigned checkpoint may be older than one that was published before there were witnesses.
    if (before && known > size) return this.#done(before);
    const hasBundles = !this.#withEntries || (await this.#hasBundlesOf(known));
    if (before?.text === target.text && hasBundles) return this.#done(target);
    const from = hasBundles ? known - (known % TILE_WIDTH) : 0;
    const edge = hasBundles ? [[], ...rows.slice(1)] : [];
    await this.#write(target.checkpoint, { from, known }, edge);
    await this.#site.settle();
    await replaceFile(this.#source.world.disk, this.#out, "checkpoint", utf8(target.text));
    const hasMoreFull = tileRow(0, known).full < tileRow(0, size).full;
    if (hasMoreFull) await this.#site.removePartials(size);
    return this.#done(target);
  }

  #done({ text, checkpoint }: PublishedCheckpoint): Published {
    return { size: checkpoint.size, checkpoint: text, files: this.#site.written };
  }

  /** The checkpoint to publish, whose signature must be by the key that the journal had then. */
  async #target(): Promise<PublishedCheckpoint> {
    const { world, directory, manifest, checkpoint } = this.#source;
    const target = parsePublished(manifest.origin, checkpoint);
    const history = await readKeyHistory(world, directory, manifest.key);
    const key = keyOfSize(history, target.checkpoint.size);
    if (isPublishedBy(world.primitives, target, key)) return target;
    throw damaged(target.checkpoint, "is not signed by the key that the journal had then");
  }

  /** What was published before. */
  async #before(): Promise<PublishedCheckpoint | undefined> {
    const path = `${this.#out}/checkpoint`;
    const bytes = await readFileIfAny(this.#source.world.disk, path);
    if (!bytes) return undefined;
    try {
      return parsePublished(this.#source.manifest.origin, decodeUtf8(bytes) ?? "");
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      throw conflict(`${path} is no checkpoint of this journal: ${error.message}`, path);
    }
  }

  /**
   * The edge of the tree that was published, which must be a beginning of this journal's. A tile of
   * the journal that does not lead there may just be wrong: then the ledger decides.
   */
  async #rowsAt({ checkpoint: { size, root } }: PublishedCheckpoint): Promise<Rows> {
    const path = `${this.#out}/checkpoint`;
    const { world, directory } = this.#source;
    if (size > this.#source.size) {
      throw conflict(`${path} is of ${size} entries, the journal has ${this.#source.size}`, path);
    }
    const tree = new TreeReader(world, directory);
    for (const read of ["hashes", "fromLedger"] as const) {
      const rows: (readonly Hash[])[] = [];
      for (const nodes of edgeNodes(size)) rows.push(await tree[read](nodes, size));
      const nodes = frontierOfEdge(world.primitives, rows);
      if (new Frontier(world.primitives, size, nodes).root() === root) return rows;
    }
    const message = `${path} was signed for other entries than the journal's first ${size}`;
    throw conflict(message, path);
  }

  /**
   * Bundles are written in order, so the last one of a size tells; but none is missed that would
   * begin with entries that were pruned.
   */
  async #hasBundlesOf(size: number): Promise<boolean> {
    const { world, directory } = this.#source;
    const index = Math.floor((size - 1) / TILE_WIDTH);
    const width = size - index * TILE_WIDTH;
    if (size === 0 || (await this.#site.has(formatBundlePath({ index, width })))) return true;
    const [first = 0] = await listSegments(world.disk, directory);
    return index * TILE_WIDTH < first;
  }

  /** Writes the tiles and bundles from the `from`th entry on, which starts a tile. */
  async #write(
    target: Checkpoint,
    { from, known }: { readonly from: number; readonly known: number },
    rows: Rows,
  ): Promise<void> {
    const { world, directory } = this.#source;
    const { primitives } = world;
    const edge = new TileEdge(from, rows);
    const tree = new Frontier(primitives, from, frontierOfEdge(primitives, rows));
    const full: FilledTile[] = [];
    const push = (level: number, hash: Hash): void => {
      if (level % TILE_HEIGHT !== 0) return;
      const tile = edge.push(level / TILE_HEIGHT, hash);
      if (tile) full.push(tile);
    };
    const bundle: Uint8Array[] = [];
    const range = { from, to: target.size, withEntries: this.#withEntries, known };
    const pages = leavesToPublish(world, directory, this.#site, range);
    for await (const { hashes, leaves } of pages) {
      for (const [place, hash] of hashes.entries()) {
        push(0, hash);
        tree.append(hash, push);
        if (leaves.length > 0) bundle.push(leaves[place]!);
        for (const tile of full.splice(0)) await this.#putTile(tile);
        if (bundle.length === TILE_WIDTH) await this.#putBundle(tree.size, bundle.splice(0));
      }
    }
    if (tree.root() !== target.root) throw damaged(target, "was signed for other entries");
    for (const tile of edge.partialTiles()) await this.#putTile(tile);
    if (bundle.length > 0) await this.#putBundle(tree.size, bundle);
  }

  #putTile({ level, index, hashes }: FilledTile): Promise<void> {
    const path = formatTilePath({ level, index, width: hashes.length });
    return this.#site.put(path, encodeTile(hashes));
  }

  #putBundle(end: number, entries: readonly Uint8Array[]): Promise<void> {
    const index = Math.floor((end - 1) / TILE_WIDTH);
    return this.#site.put(
      formatBundlePath({ index, width: entries.length }),
      encodeBundle(entries),
    );
  }
}

function conflict(message: string, path: string): SteleError {
  return new SteleError("PUBLISH_CONFLICT", message, { path });
}

function damaged({ size }: Checkpoint, reason: string): SteleError {
  return new SteleError("JOURNAL_DAMAGED", `the journal's checkpoint of ${size} entries ${reason}`);
}
