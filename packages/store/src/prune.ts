import { parseSegmentName } from "@stele/core/ledger";
import type { DroppedSegment } from "@stele/core/pruned-event";
import { contentPath } from "./content-segment.ts";
import type { Disk } from "./disk.ts";
import { listIfAny, orUndefined } from "./files.ts";
import { CONTENT, join, LEDGER } from "./layout.ts";
import { agentLinesIn, linesBelow } from "./kept-agents.ts";
import { readPruned, writePruned } from "./pruned.ts";
import { findAnnounced, findPrunedRecord } from "./pruned-record.ts";
import { listSegments, segmentPath } from "./segments.ts";
import { fullTilePath } from "./tile-files.ts";
import type { World } from "./world.ts";

/**
 * Drops the segments whose entries all lie before `first`, and the contents beside them; an entry
 * that says so is sealed on disk. The oldest goes first and is gone for good before the next one is
 * touched, so that at every moment the ledger is one without holes. System calls:
 *
 *     unlink, fsync    the segment, ledger/       for each, in ascending order
 *     unlink, fsync    the contents, content/     all that lie before `first`
 */
export async function dropSegments(disk: Disk, directory: string, first: number): Promise<void> {
  for (const segment of await listSegments(disk, directory)) {
    if (segment >= first) break;
    await disk.remove(segmentPath(directory, segment));
    await disk.syncDirectory(join(directory, LEDGER));
  }
  await dropContents(disk, directory, first);
}

/** Drops the full tiles of leaves, from one tile's index to before another. */
export async function dropLeafTiles(
  disk: Disk,
  directory: string,
  { lo, hi }: { readonly lo: number; readonly hi: number },
): Promise<void> {
  for (let index = lo; index < hi; index++) {
    await orUndefined(disk.remove(fullTilePath(directory, { level: 0, index })));
  }
}

async function dropContents(disk: Disk, directory: string, first: number): Promise<void> {
  const contents = join(directory, CONTENT);
  const segments = (await listIfAny(disk, contents)).map(parseSegmentName);
  const dropped = segments.filter((segment) => segment !== undefined && segment < first);
  for (const segment of dropped) await disk.remove(contentPath(directory, segment!));
  if (dropped.length > 0) await disk.syncDirectory(contents);
}

/**
 * Ends what a crash interrupted: drops what a sealed entry says is dropped. An announcement that no
 * entry followed gives way to that of the entry before, and one that is missing is made. The caller
 * holds the lock, and the ledger is recovered.
 */
export async function completePruning(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
): Promise<void> {
  const segments = await listSegments(world.disk, directory);
  const announced = await findAnnounced(world, directory);
  // What is kept begins with a segment: an entry that says otherwise is not this writer's.
  const isCut = announced !== undefined && segments.includes(announced.first);
  const first = isCut ? announced.first : segments[0]!;
  if (first > 0) await dropSegments(world.disk, directory, first);
  const file = await readPruned(world.disk, directory);
  if (file?.first !== first) await announceAnew(world, directory, first);
}

async function announceAnew(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
  first: number,
): Promise<void> {
  if (first === 0) return;
  const record = await findPrunedRecord(world, directory, first, { everywhere: true });
  const file = await readPruned(world.disk, directory);
  if (!record || file?.first === record.first) return;
  const proofs = file?.proofs ?? [];
  const agents = record.agents && {
    ...record.agents,
    lines: linesBelow(file?.agents?.lines ?? [], record.first),
  };
  const { first: cut, seq } = record;
  await writePruned(world.disk, directory, { first: cut, from: seq, proofs, agents });
}

/** A segment that is about to be dropped, and its entries about agents' keys, which are kept. */
export interface LeavingSegment {
  readonly segment: DroppedSegment;
  readonly agentLines: readonly string[];
}

/** What a closed segment is, for the entry that says that it was dropped. Reads all of it. */
export async function describeSegment(
  { disk, primitives }: Pick<World, "disk" | "primitives">,
  directory: string,
  { first, next }: { readonly first: number; readonly next: number },
): Promise<LeavingSegment> {
  const file = await disk.openRead(segmentPath(directory, first));
  try {
    const bytes = new Uint8Array(await file.size());
    await file.read(bytes, 0);
    const contentBytes = await sizeOf(disk, contentPath(directory, first));
    const sha256 = primitives.sha256(bytes);
    const segment = { first, entries: next - first, bytes: bytes.length, sha256, contentBytes };
    return { segment, agentLines: agentLinesIn(bytes) };
  } finally {
    await file.close();
  }
}

async function sizeOf(disk: Disk, path: string): Promise<number> {
  const file = await orUndefined(disk.openRead(path));
  const size = await file?.size();
  await file?.close();
  return size ?? 0;
}
