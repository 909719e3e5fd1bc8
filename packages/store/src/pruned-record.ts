import { matchesAscii } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { checkedHash, eventOfLeaf, leafOfLine } from "@stele/core/ledger";
import { parsePruned, PRUNED_EVENT_BEGINNING, type PrunedRecord } from "@stele/core/pruned-event";
import type { ReadableFile } from "./disk.ts";
import { readEntryLine } from "./entry-line.ts";
import { orUndefined } from "./files.ts";
import { scanLines, type LineSink } from "./line-scanner.ts";
import { entrySeq, locateEntry } from "./locate.ts";
import { readPruned } from "./pruned.ts";
import { findSegment, listSegments, segmentPath } from "./segments.ts";
import type { World } from "./world.ts";

type Readable = Pick<World, "disk" | "primitives">;

/**
 * The sealed entry that says why the ledger begins with entry `first`: it names that one, or a
 * later one when a crash came while segments were being dropped. Undefined when there is none. Its
 * hash is checked, no seal is. Cost: a few short reads where `pruned.jsonl` says where to look; a
 * pass over the ledger where it does not, and `everywhere` is asked for.
 */
export async function findPrunedRecord(
  world: Readable,
  directory: string,
  first: number,
  options: { readonly everywhere?: boolean } = {},
): Promise<PrunedRecord | undefined> {
  const file = await readPruned(world.disk, directory);
  const announced = file && (await scanFrom(world, directory, { ...file, atLeast: first }));
  // A crash may have come between the announcement and its entry: then an earlier one counts.
  if (announced || !(file || options.everywhere)) return announced;
  return scanFrom(world, directory, { from: first, atLeast: first });
}

/**
 * The entry that `pruned.jsonl` announces, if it is sealed; else the last one of several that say
 * it together, as far as they are and name more than what is gone.
 */
export async function findAnnounced(
  world: Readable,
  directory: string,
): Promise<PrunedRecord | undefined> {
  const file = await readPruned(world.disk, directory);
  if (!file) return undefined;
  let found = await scanFrom(world, directory, { ...file, atLeast: file.first });
  if (found) return found;
  const [first = 0] = await listSegments(world.disk, directory);
  for (let next: PrunedRecord | undefined, atLeast = first + 1; ; found = next) {
    next = await scanFrom(world, directory, { ...file, atLeast });
    if (!next) return found;
    atLeast = next.first + 1;
  }
}

async function scanFrom(
  world: Readable,
  directory: string,
  { from, atLeast }: { readonly from: number; readonly atLeast: number },
): Promise<PrunedRecord | undefined> {
  const segments = await listSegments(world.disk, directory);
  const start = findSegment(segments, from) ?? segments[0];
  for (const [place, segment] of segments.entries()) {
    if (segment < start!) continue;
    const next = segments[place + 1];
    const file = await orUndefined(world.disk.openRead(segmentPath(directory, segment)));
    try {
      const found = file && (await scanSegment(world, file, { segment, next, from, atLeast }));
      if (found) return found;
    } finally {
      await file?.close();
    }
  }
  return undefined;
}

interface SegmentSearch {
  readonly segment: number;
  /** The first entry of the next one. */
  readonly next: number | undefined;
  readonly from: number;
  readonly atLeast: number;
}

async function scanSegment(
  { primitives }: Readable,
  file: ReadableFile,
  { segment, next, from, atLeast }: SegmentSearch,
): Promise<PrunedRecord | undefined> {
  let found: PrunedRecord | undefined;
  let isSealed = false;
  const sink: LineSink = {
    line(buffer, start, end) {
      if (found) isSealed = matchesAscii(buffer, start, '{"seal":"');
      else found = readRecord(primitives, buffer, { start, end, atLeast });
      return isSealed ? "stop" : undefined;
    },
    piece: () => undefined,
  };
  await scanLines(file, { from: await placeOf(file, { segment, next, from }) }, sink);
  return isSealed ? found : undefined;
}

/** Where an entry's line starts, which may never have been written. */
async function placeOf(
  file: ReadableFile,
  { segment, next, from }: Omit<SegmentSearch, "atLeast">,
): Promise<number> {
  if (from <= segment) return 0;
  const searched = { first: segment, next: next ?? from + 1, sizeBytes: await file.size() };
  try {
    return await locateEntry(file, from, searched);
  } catch (error) {
    if (error instanceof SteleError && error.code === "JOURNAL_DAMAGED") return 0;
    throw error;
  }
}

/** From the digits of `seq` to those of the time, and from there to the event. */
const BEFORE_EVENT = ',"prev":"'.length + 64 + '","time":"'.length + 24;

function readRecord(
  hasher: World["primitives"],
  buffer: Uint8Array,
  { start, end, atLeast }: Record<"start" | "end" | "atLeast", number>,
): PrunedRecord | undefined {
  const seq = entrySeq(buffer, start, end);
  if (seq === undefined) return undefined;
  const at = start + '{"seq":'.length + String(seq).length + BEFORE_EVENT;
  if (!matchesAscii(buffer, at, `","event":${PRUNED_EVENT_BEGINNING}`)) return undefined;
  const hash = checkedHash(hasher, buffer, start, end);
  if (hash === "malformed" || hash === "mismatch") return undefined;
  const { entry, line } = readEntryLine(buffer.subarray(start, end)) ?? {};
  const event = line && eventOfLeaf(leafOfLine(line));
  const record = entry && event !== undefined ? parsePruned(entry, event) : undefined;
  return record && record.first >= atLeast ? record : undefined;
}

/** That an entry was asked for which is gone, and why. */
export function prunedError(asked: number, { seq, time, first, reason }: PrunedRecord): SteleError {
  const why = reason === null ? "" : `: ${reason}`;
  const message =
    `entry ${asked} was pruned: entry ${seq}, of ${time}, says that ` +
    `those before ${first} were dropped${why}`;
  return new SteleError("SEQ_PRUNED", message, { seq: asked });
}
