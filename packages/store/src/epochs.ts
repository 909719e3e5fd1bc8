import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import {
  parseKeyChange,
  parseRecoveryKey,
  type KeyChange,
  type KeyChangeReason,
} from "@stele/core/key-event";
import type { VerifierKey } from "@stele/core/key";
import { eventOfLeaf, leafOfLine } from "@stele/core/ledger";
import { parseNote } from "@stele/core/note";
import { readTail } from "./last-seal.ts";
import { listSegments, segmentPath } from "./segments.ts";
import type { World } from "./world.ts";

/** The time of one key: the entries that its seals cover. */
export interface Epoch {
  readonly key: VerifierKey;
  /** The `seq` of its first entry, which may not be there yet. */
  readonly first: number;
  /** The `first` of its segments; none when a rotation was the last thing that happened. */
  readonly segments: readonly number[];
  /** Undefined while the epoch lasts. `size`: of the seal that ended it. */
  readonly end: { readonly size: number; readonly reason: KeyChangeReason } | undefined;
}

/** A journal's keys, as its own entries name them. */
export interface KeyHistory {
  /** One at least; the last one is the present. */
  readonly epochs: readonly Epoch[];
  /** What entry 0 names for the case that a key is lost. */
  readonly recoveryKey: VerifierKey | undefined;
}

/** How many segments' ends are read at the same time. */
const AT_ONCE = 16;

/**
 * Finds the journal's keys from its first one on: a short read of each segment's end. Verifies
 * nothing: that is for who checks the segments, each with the key that is said here. What cannot be
 * read names no key. The head is not asked: after a crash it may lag behind a rotation.
 */
export async function readKeyHistory(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
  firstKey: VerifierKey,
): Promise<KeyHistory> {
  const segments = await listSegments(world.disk, directory);
  const epochs: Epoch[] = [];
  let epoch = { key: firstKey, first: 0, segments: [] as number[] };
  const read = (segment: number): Promise<Change | undefined> =>
    readChange(world, firstKey.name, segmentPath(directory, segment));
  const changes: (Change | undefined)[] = [];
  while (changes.length < segments.length) {
    const next = segments.slice(changes.length, changes.length + AT_ONCE);
    changes.push(...(await Promise.all(next.map(read))));
  }
  for (const [place, segment] of segments.entries()) {
    epoch.segments.push(segment);
    const change = changes[place];
    if (!change) continue;
    epochs.push({ ...epoch, end: { size: change.size, reason: change.reason } });
    epoch = { key: change.next, first: change.size, segments: [] };
  }
  epochs.push({ ...epoch, end: undefined });
  const recoveryKey = await readRecoveryKey(world, directory, firstKey.name);
  return { epochs, recoveryKey };
}

/** The epoch that a segment belongs to. */
export function epochOfSegment({ epochs }: KeyHistory, segment: number): Epoch {
  return epochs.findLast(({ first }) => first <= segment)!;
}

/** The epoch that an entry belongs to, there or still to come. */
export function epochOfEntry({ epochs }: KeyHistory, seq: number): Epoch {
  return epochs.findLast(({ first }) => first <= seq)!;
}

interface Change extends KeyChange {
  /** Of the seal behind the entry. */
  readonly size: number;
}

async function readChange(
  { disk, primitives }: Pick<World, "disk" | "primitives">,
  origin: string,
  path: string,
): Promise<Change | undefined> {
  const tail = await readTail(disk, path);
  const event = tail?.lineBefore && eventOfLeaf(leafOfLine(tail.lineBefore));
  if (!tail || !event) return undefined;
  return orNone(() => {
    const change = parseKeyChange(primitives, origin, event);
    return change && { ...change, size: parseCheckpoint(parseNote(utf8(tail.note)).text).size };
  });
}

/** A header, and an entry that names a recovery key, are shorter together. */
const BEGINNING_BYTES = 4096;

async function readRecoveryKey(
  { disk, primitives }: Pick<World, "disk" | "primitives">,
  directory: string,
  origin: string,
): Promise<VerifierKey | undefined> {
  const [segment] = await listSegments(disk, directory);
  if (segment !== 0) return undefined;
  const file = await disk.openRead(segmentPath(directory, 0));
  try {
    const bytes = new Uint8Array(BEGINNING_BYTES);
    const count = await file.read(bytes, 0);
    const start = bytes.indexOf(0x0a) + 1;
    const end = bytes.indexOf(0x0a, start);
    if (start === 0 || end < 0 || end >= count) return undefined;
    const event = eventOfLeaf(leafOfLine(decodeUtf8(bytes.subarray(start, end)) ?? ""));
    return event === undefined
      ? undefined
      : orNone(() => parseRecoveryKey(primitives, origin, event));
  } finally {
    await file.close();
  }
}

function orNone<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SteleError) return undefined;
    throw error;
  }
}
