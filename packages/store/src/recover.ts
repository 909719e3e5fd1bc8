import { START, startsAt, type SegmentEnd } from "@stele/core/checker";
import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { segmentName } from "@stele/core/ledger";
import type { Primitives, VerifierKey } from "@stele/core/key";
import { followKeys } from "@stele/core/key-chain";
import { parseNote } from "@stele/core/note";
import type { Disk, WritableFile } from "./disk.ts";
import { lostSincePublished, readPublished } from "./checkpoint-file.ts";
import { contentPath, endOfContents } from "./content-segment.ts";
import { epochOfSegment, readKeyHistory, type KeyHistory } from "./epochs.ts";
import { listIfAny } from "./files.ts";
import { formatHead, HEAD_BYTES, readHead, type Head } from "./head.ts";
import { judge } from "./judgement.ts";
import { lastSeal } from "./last-seal.ts";
import { CONTENT, HEAD, join, LEDGER, TEMPORARY } from "./layout.ts";
import type { Manifest } from "./manifest.ts";
import { findPrunedRecord } from "./pruned-record.ts";
import { setAside } from "./quarantine.ts";
import { checkSegment, type SegmentCheck, type SegmentReport } from "./segment-report.ts";
import { listSegments, segmentPath } from "./segments.ts";
import { entriesOnlyInTiles } from "./tile-files.ts";
import type { World } from "./world.ts";

/**
 * A ledger that may be appended to: all of it is sealed, and what this session read of it is on
 * stable storage.
 */
export interface OpenLedger {
  /** The `first` of the last segment. */
  readonly segment: number;
  readonly file: WritableFile;
  readonly head: WritableFile;
  /** Where the next commit goes. */
  readonly sizeBytes: number;
  readonly end: SegmentEnd;
}

/** A ledger that was checked and may be brought into order. */
export interface ExaminedLedger {
  readonly report: SegmentReport;
  readonly head: Head | "missing" | "torn";
  /** What the next seal must be by. */
  readonly key: VerifierKey;
  /** The `seq` of the first entry that it seals. */
  readonly since: number;
  /** What can say that this key was lost. */
  readonly recoveryKey: VerifierKey | undefined;
}

/**
 * Judges the ledger by the table in judgement.ts and says which key is the present one: for that
 * the last seals must have been checked, since a crash can leave one behind a hole. Throws
 * JOURNAL_DAMAGED; changes nothing. Costs one segment, and a short read of each other one. The
 * caller holds the lock.
 */
export async function examineLedger(
  world: World,
  directory: string,
  manifest: Manifest,
): Promise<ExaminedLedger> {
  const { disk, primitives } = world;
  const segments = await listSegments(disk, directory);
  const segment = segments.at(-1);
  if (segment === undefined) throw damaged("there is no segment in the ledger", 0);
  const history = await readKeyHistory(world, directory, manifest.key);
  const ledger = { manifest, segments, history };
  await checkBeginning(world, directory, ledger);
  await checkClosedSegments(world, directory, ledger);
  const path = segmentPath(directory, segment);
  const report = await checkFile(disk, path, segmentCheck(primitives, ledger, segment));
  const head = await readHead(world, directory);
  const { judgement, finding } = judge(report, head);
  if (judgement === "refuse") throw damaged(finding!.reason, finding!.seq);
  await checkStart(world, directory, { ...ledger, report });
  await checkPublished(world, directory, { ...ledger, report });
  await checkTiled(world, directory, report.end.sealedSize);
  const { end, recoveryKey } = report;
  const epoch = epochOfSegment(history, segment);
  const present = end.nextKey ? { key: end.nextKey, since: end.sealedSize } : undefined;
  const { key, since } = present ?? { key: epoch.key, since: epoch.first };
  return { report, head, key, since, recoveryKey };
}

/**
 * Brings an examined ledger into a state that may be appended to. The caller holds the lock since
 * before it was examined.
 *
 * Order: what is cut is first durable in quarantine. Then the bytes behind the durable mark are
 * written again and synced, because after a failed sync the page cache shows bytes that are not on
 * disk and a second sync succeeds without writing them (spec/recovery.md section 3). Only then is
 * the mark moved.
 */
export async function recoverLedger(
  world: World,
  directory: string,
  { report, head }: ExaminedLedger,
): Promise<OpenLedger> {
  const { disk } = world;
  const { end, header } = report;
  const segment = header.first;
  const file = await disk.openWrite(segmentPath(directory, segment));
  try {
    await removeTemporaries(disk, join(directory, LEDGER));
    await cutContents(world, directory, report);
    await cutLedger(world, directory, file, report);
    await rewrite(file, durableBytes(head, report), end.sealedBytes);
    await disk.syncDirectory(join(directory, LEDGER));
    const headFile = await rewriteHead(world, directory, report);
    return { segment, file, head: headFile, sizeBytes: end.sealedBytes, end };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What is known before the last segment is read. */
interface KnownLedger {
  readonly manifest: Manifest;
  readonly segments: readonly number[];
  readonly history: KeyHistory;
}

function segmentCheck(
  primitives: Primitives,
  { manifest, history }: KnownLedger,
  first: number,
): SegmentCheck {
  const { key } = epochOfSegment(history, first);
  const keys = { key, recoveryKey: history.recoveryKey };
  return { primitives, origin: manifest.origin, keys, first };
}

/** `checkSegment` of the file at the path. */
export async function checkFile(
  disk: Disk,
  path: string,
  check: SegmentCheck,
): Promise<SegmentReport> {
  const file = await disk.openRead(path);
  try {
    return await checkSegment(file, check);
  } finally {
    await file.close();
  }
}

async function removeTemporaries(disk: Disk, ledger: string): Promise<void> {
  for (const name of await listIfAny(disk, ledger)) {
    if (name.endsWith(TEMPORARY)) await disk.remove(join(ledger, name));
  }
}

/**
 * A ledger that does not start with entry 0 needs an entry that says so, and, when keys changed in
 * what was dropped, the proofs of that.
 */
async function checkBeginning(
  world: World,
  directory: string,
  { manifest, segments, history }: KnownLedger,
): Promise<void> {
  const [first] = segments;
  if (first === 0) return;
  const record = await findPrunedRecord(world, directory, first!, { everywhere: true });
  if (!record) throw damaged(`the ledger starts at entry ${first}`, 0);
  const proofs = history.proofs.map(({ proof }) => proof);
  const followed = followKeys(world.primitives, manifest.key, proofs);
  if (typeof followed === "string") throw damaged(`the keys that were pruned: ${followed}`, 0);
}

/** Each closed segment must end with a seal of the size at which the next one starts. */
async function checkClosedSegments(
  world: World,
  directory: string,
  ledger: KnownLedger,
): Promise<void> {
  const { segments } = ledger;
  for (const [index, next] of segments.slice(1).entries()) {
    const first = segments[index]!;
    const size = await lastSealedSize(world.disk, segmentPath(directory, first));
    if (size === next) continue;
    const { sealedSize } = await endOf(world, directory, ledger, first);
    const message = `the segment before entry ${next} does not end with a seal of that size`;
    throw damaged(message, sealedSize);
  }
}

async function lastSealedSize(disk: Disk, path: string): Promise<number | undefined> {
  try {
    const note = await lastSeal(disk, path);
    return note === undefined ? undefined : parseCheckpoint(parseNote(utf8(note)).text).size;
  } catch (error) {
    if (error instanceof SteleError && !error.code.startsWith("DISK_")) return undefined;
    throw error;
  }
}

/**
 * Whether the last segment starts where the one before it ends. Its first seal bears that out;
 * where there is none yet, as after a crash behind a rotation, the segment before is checked in
 * full.
 */
async function checkStart(
  world: World,
  directory: string,
  last: KnownLedger & { readonly report: SegmentReport },
): Promise<void> {
  const { header, end } = last.report;
  const before = last.segments.at(-2);
  const isFirst = before === undefined && header.first === 0;
  if (end.sealedSize > header.first && !isFirst) return;
  const expected = before === undefined ? START : await endOf(world, directory, last, before);
  if (startsAt(header, expected)) return;
  throw damaged("the segment does not continue the one before", header.first);
}

async function checkPublished(
  world: World,
  directory: string,
  { manifest, history, report }: KnownLedger & { readonly report: SegmentReport },
): Promise<void> {
  const size = report.end.sealedSize;
  const published = await readPublished(world.disk, directory, manifest.origin);
  if (typeof published === "string") return;
  const lost = lostSincePublished(world.primitives, { history, size }, published);
  if (lost !== undefined) throw damaged(lost, size);
}

/** A tile is written when its entries are sealed on disk, so those that it names were there. */
async function checkTiled(world: World, directory: string, size: number): Promise<void> {
  const named = await entriesOnlyInTiles(world, directory, size);
  if (named === undefined) return;
  throw damaged(`its tiles are of ${named} entries, ${size} are left`, size);
}

async function endOf(
  { disk, primitives }: World,
  directory: string,
  ledger: KnownLedger,
  first: number,
): Promise<SegmentEnd> {
  const path = segmentPath(directory, first);
  const { end, tail } = await checkFile(disk, path, segmentCheck(primitives, ledger, first));
  if (tail.finding) throw damaged(tail.finding.reason, tail.finding.seq);
  return end;
}

async function cutLedger(
  world: World,
  directory: string,
  file: WritableFile,
  report: SegmentReport,
): Promise<void> {
  const offsetBytes = report.end.sealedBytes;
  if (report.sizeBytes === offsetBytes) return;
  const segment = segmentName(report.header.first).slice(0, 20);
  await setAside(world, directory, file, { part: "ledger", segment, offsetBytes });
  await file.truncate(offsetBytes);
  await file.sync();
}

/**
 * Contents are written before the entries that name them, so a crash can leave some of entries
 * that never came.
 */
async function cutContents(world: World, directory: string, report: SegmentReport): Promise<void> {
  const { disk } = world;
  const { first } = report.header;
  const names = await listIfAny(disk, join(directory, CONTENT));
  if (!names.includes(segmentName(first))) return;
  const file = await disk.openWrite(contentPath(directory, first));
  try {
    const offsetBytes = await endOfContents(file, report.end.sealedSize);
    if (offsetBytes === (await file.size())) return;
    const segment = segmentName(first).slice(0, 20);
    await setAside(world, directory, file, { part: "content", segment, offsetBytes });
    await file.truncate(offsetBytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function durableBytes(head: Head | "missing" | "torn", report: SegmentReport): number {
  if (typeof head === "string" || head.segment !== report.header.first) return 0;
  return Math.min(head.segmentBytes, report.end.sealedBytes);
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads the range and writes the same bytes again, so that the sync that follows really writes
 * them.
 */
async function rewrite(file: WritableFile, from: number, to: number): Promise<void> {
  if (from === to) return;
  for (let at = from; at < to; at += CHUNK_BYTES) {
    const bytes = new Uint8Array(Math.min(CHUNK_BYTES, to - at));
    await file.read(bytes, at);
    await file.write(bytes, at);
  }
  await file.sync();
}

async function rewriteHead(
  world: World,
  directory: string,
  report: SegmentReport,
): Promise<WritableFile> {
  const { disk, primitives } = world;
  const { sealedSize: size, sealedBytes: segmentBytes } = report.end;
  const file = await disk.openWrite(join(directory, HEAD));
  const head = { size, segment: report.header.first, segmentBytes };
  if ((await file.size()) !== HEAD_BYTES) await file.truncate(HEAD_BYTES);
  await file.write(formatHead(primitives, head), 0);
  await file.sync();
  await disk.syncDirectory(directory);
  return file;
}

function damaged(reason: string, seq: number): SteleError {
  const message = `the journal is damaged at entry ${seq}: ${reason}`;
  return new SteleError("JOURNAL_DAMAGED", message, { seq });
}
