import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import type { EntryProof } from "@stele/core/evidence";
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
import { keptProofs, readPruned, type KeptProof } from "./pruned.ts";
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
  /** The `seq` of the first entry that was not pruned. */
  readonly first: number;
  /** The proofs of pruned entries that name keys, oldest first. */
  readonly proofs: readonly KeptProof[];
}

/** How many segments' ends are read at the same time. */
const AT_ONCE = 16;

/**
 * Finds the journal's keys from its first one on: a short read of each segment's end, and of those
 * that were pruned what was kept to prove their keys. Verifies nothing: that is for who checks the
 * segments, each with the key that is said here. What cannot be read names no key. The head is not
 * asked: after a crash it may lag behind a rotation.
 */
export async function readKeyHistory(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
  firstKey: VerifierKey,
): Promise<KeyHistory> {
  const segments = await listSegments(world.disk, directory);
  try {
    return await readHistory(world, directory, { firstKey, segments });
  } catch (error) {
    // Segments may be dropped meanwhile.
    const [kept] = await listSegments(world.disk, directory);
    if (kept === segments[0]) throw error;
    return readKeyHistory(world, directory, firstKey);
  }
}

async function readHistory(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
  known: { readonly firstKey: VerifierKey; readonly segments: readonly number[] },
): Promise<KeyHistory> {
  const { firstKey, segments } = known;
  const first = segments[0] ?? 0;
  const proofs = first === 0 ? [] : keptProofs(await readPruned(world.disk, directory), first);
  const epochs: Epoch[] = [];
  let epoch = { key: firstKey, first: 0, segments: [] as number[] };
  const end = (change: Change): void => {
    epochs.push({ ...epoch, end: { size: change.size, reason: change.reason } });
    epoch = { key: change.next, first: change.size, segments: [] };
  };
  for (const { proof } of proofs) {
    const change = changeIn(world, firstKey.name, proof);
    if (change) end(change);
  }
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
    if (change) end(change);
  }
  epochs.push({ ...epoch, end: undefined });
  const recoveryKey =
    first === 0
      ? await readRecoveryKey(world, directory, firstKey.name)
      : recoveryKeyIn(world, firstKey.name, proofs[0]);
  return { epochs, recoveryKey, first, proofs };
}

function changeIn(
  { primitives }: Pick<World, "primitives">,
  origin: string,
  { leaf, checkpoint }: EntryProof,
): Change | undefined {
  const change = orNone(() => parseKeyChange(primitives, origin, leaf.event));
  return change && { ...change, size: checkpoint.size };
}

function recoveryKeyIn(
  { primitives }: Pick<World, "primitives">,
  origin: string,
  kept: KeptProof | undefined,
): VerifierKey | undefined {
  if (kept?.proof.index !== 0) return undefined;
  return orNone(() => parseRecoveryKey(primitives, origin, kept.proof.leaf.event));
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
