import { rootBase64 } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { prunedEvent, type DroppedSegment } from "@stele/core/pruned-event";
import { readCursors, type OpenJournal, type Receipt, type World } from "@stele/store";
import {
  agentsBefore,
  describeSegment,
  dropSegments,
  keepHashes,
  linesBelow,
  removePartialTile,
  writePruned,
  type KeptAgentLines,
  type LeavingSegment,
} from "@stele/store/pruning";
import { LedgerReader, listSegments, readKeyHistory } from "@stele/store/reading";
import { TreeReader } from "@stele/store/tiles";
import { requireNames } from "./known-names.ts";
import { Prover } from "./prover.ts";
import type { JournalReader } from "./reading.ts";

/** What is dropped. */
export interface PruneOptions {
  /** A number: entries before that `seq`. A date, or a time in ISO 8601: entries older than that. */
  readonly before?: number | Date | string | undefined;
  /** Entries older than so many milliseconds. With `before` too: what both mean. */
  readonly keepMs?: number | undefined;
  /** Why, for the entry that says what was dropped. */
  readonly reason?: string | undefined;
  /** Who wanted it, for the same. */
  readonly by?: string | undefined;
  /** Says what would be dropped, and drops nothing. */
  readonly dryRun?: boolean | undefined;
}

/** A misspelt one must not make it drop more, or in earnest. */
const OPTIONS = [
  "before",
  "keepMs",
  "reason",
  "by",
  "dryRun",
] as const satisfies readonly (keyof PruneOptions)[];

/** What was dropped. */
export interface Pruned {
  /** The `seq` of the first entry that is kept now. */
  readonly first: number;
  /** How many entries were dropped, and the bytes of their segments and contents. */
  readonly entries: number;
  readonly bytes: number;
  readonly segments: readonly DroppedSegment[];
  /** What kept more from being dropped; null when nothing did. */
  readonly heldBy: string | null;
  /** Of the entry that says so; null when nothing was dropped. */
  readonly receipt: Receipt | null;
}

/** The journal that is pruned, which is open for appending. */
export interface PrunableJournal {
  readonly world: World;
  readonly directory: string;
  readonly open: OpenJournal;
  /** What DIR/checkpoint covers, as far as witnesses do when there are some. */
  readonly covered: { readonly size: number; readonly by: string };
  readonly newestSeal: string | undefined;
  /** The first entry that a legal hold is over, if one is. */
  readonly firstHeld: JournalReader["firstHeld"];
}

/** No entry names more dropped segments: it would be larger than an entry can be. */
const SEGMENTS_MAX = 200;

interface Segment {
  readonly first: number;
  /** The `first` of the next one. */
  readonly next: number;
}

/** Something that must stay, from an entry on. */
interface Hold {
  readonly seq: number;
  readonly by: string;
}

/**
 * Drops the oldest closed segments, as far as every entry in them may go (spec/retention.md section
 * 2). Order: their hashes are on stable storage, and the proofs of their keys; the entry that says
 * so is sealed; then they go, the oldest first. What a crash interrupts, the next opening ends.
 */
export async function pruneJournal(
  journal: PrunableJournal,
  options: PruneOptions,
): Promise<Pruned> {
  requireNames("pruning has no option", options, OPTIONS);
  const limits = readLimits(journal.world, options);
  const { kept, dropped, heldBy } = await plan(journal, limits);
  const leaving: LeavingSegment[] = [];
  for (const segment of dropped) {
    leaving.push(await describeSegment(journal.world, journal.directory, segment));
  }
  const segments = leaving.map(({ segment }) => segment);
  const entries = segments.reduce((sum, segment) => sum + segment.entries, 0);
  const bytes = segments.reduce((sum, one) => sum + one.bytes + one.contentBytes, 0);
  const isDropped = segments.length > 0 && options.dryRun !== true;
  const receipt = isDropped ? await drop(journal, { leaving, first: kept }, options) : null;
  return { first: kept, entries, bytes, segments, heldBy, receipt };
}

async function drop(
  journal: PrunableJournal,
  cut: { readonly leaving: readonly LeavingSegment[]; readonly first: number },
  { reason, by }: PruneOptions,
): Promise<Receipt> {
  const { world, directory, open } = journal;
  const { leaving, first } = cut;
  const segments = leaving.map(({ segment }) => segment);
  const { writer } = open;
  const bounds = [...segments.map((segment) => segment.first), first];
  const from = writer.sealedSize;
  const roots = await keepHashes(world, directory, { bounds, size: from });
  const proofs = await (await proverOf(journal)).keysBefore(first);
  const agents = await agentsIn(journal, leaving);
  await writePruned(world.disk, directory, { first, from, proofs, agents });
  const receipts: Promise<Receipt>[] = [];
  for (let at = 0; at < segments.length; at += SEGMENTS_MAX) {
    const some = segments.slice(at, at + SEGMENTS_MAX);
    const end = bounds[at + some.length]!;
    const root = rootBase64(roots.get(end)!);
    const count = linesBelow(agents.lines, end).length;
    const kept = { from: agents.from, count };
    const what = { first: end, agents: kept, root, segments: some, reason, by };
    receipts.push(writer.append(prunedEvent(what)));
  }
  const sealed = await Promise.all(receipts);
  await dropSegments(world.disk, directory, first);
  await removePartialTile(world.disk, directory, bounds[0]!);
  return sealed.at(-1)!;
}

/** The entries about agents' keys that are dropped now or were before: what agents signed needs. */
async function agentsIn(
  { world, directory, open }: PrunableJournal,
  leaving: readonly LeavingSegment[],
): Promise<KeptAgentLines> {
  const known = { origin: open.manifest.origin, first: leaving[0]!.segment.first };
  const before = await agentsBefore(world, directory, known);
  const lines = [...before.lines, ...leaving.flatMap(({ agentLines }) => agentLines)];
  return { from: before.from, count: lines.length, lines };
}

async function proverOf({ world, directory, open, newestSeal }: PrunableJournal): Promise<Prover> {
  const { manifest } = open;
  return new Prover({
    world,
    directory,
    ledger: new LedgerReader(world, directory, manifest),
    tree: new TreeReader(world, directory),
    history: await readKeyHistory(world, directory, manifest.key),
    published: undefined,
    newestSeal: newestSeal!,
  });
}

interface Limits {
  readonly seq: number;
  /** In the form of an entry's time; undefined for any. */
  readonly time: string | undefined;
}

function readLimits({ clock }: World, { before, keepMs }: PruneOptions): Limits {
  if (before === undefined && keepMs === undefined) {
    throw new SteleError("OPTION_INVALID", "say what to drop: before, or keepMs");
  }
  if (keepMs !== undefined && !(keepMs >= 0)) {
    throw new SteleError("OPTION_INVALID", `keepMs must be 0 or more, not ${keepMs}`);
  }
  const isSeq = typeof before === "number";
  if (isSeq && !(Number.isSafeInteger(before) && before >= 0)) {
    throw new SteleError("OPTION_INVALID", `before must be a whole number, not ${before}`);
  }
  const times = [
    ...(before === undefined || isSeq ? [] : [timeOf(before)]),
    ...(keepMs === undefined ? [] : [new Date(Math.max(0, clock.nowMs() - keepMs)).toISOString()]),
  ];
  return { seq: isSeq ? before : Number.MAX_SAFE_INTEGER, time: times.toSorted()[0] };
}

function timeOf(before: Date | string): string {
  const date = new Date(before);
  if (Number.isNaN(date.getTime()) || date.getTime() < 0) {
    throw new SteleError("OPTION_INVALID", `before must be a time, not ${String(before)}`);
  }
  return date.toISOString();
}

/** Which segments go: from the oldest on, until one must stay. The last one, open, always does. */
async function plan(
  journal: PrunableJournal,
  limits: Limits,
): Promise<{
  readonly kept: number;
  readonly dropped: readonly Segment[];
  readonly heldBy: string | null;
}> {
  const { world, directory, open } = journal;
  const all = await listSegments(world.disk, directory);
  const reader = new LedgerReader(world, directory, open.manifest);
  const old: Segment[] = [];
  for (const [place, next] of all.slice(1).entries()) {
    const segment = { first: all[place]!, next };
    if (next > limits.seq || !(await isOlder(reader, segment, limits.time))) break;
    old.push(segment);
  }
  // Only now: to look for holds takes a pass over the journal.
  const [hold] = old.length > 0 ? await findHolds(journal) : [];
  const dropped = old.filter(({ next }) => !hold || next <= hold.seq);
  const heldBy = hold && dropped.length < old.length ? hold.by : null;
  return { kept: dropped.at(-1)?.next ?? all[0]!, dropped, heldBy };
}

/** Whether every entry is. Clocks are set back: the last one does not tell. */
async function isOlder(
  reader: LedgerReader,
  { first, next }: Segment,
  time: string | undefined,
): Promise<boolean> {
  if (time === undefined) return true;
  const { entry: last } = await reader.get(next - 1);
  if (last.time >= time) return false;
  for await (const { entry } of reader.read({ from: first, to: next - 1 })) {
    if (entry.time >= time) return false;
  }
  return true;
}

/** What must stay, the earliest first. */
async function findHolds({
  world,
  directory,
  covered,
  firstHeld,
}: PrunableJournal): Promise<readonly Hold[]> {
  const cursors = await readCursors(world.disk, directory);
  const holds = [...cursors].map(([name, seq]) => ({ seq, by: `the cursor ${name} at ${seq}` }));
  // The last entry that it covers says how old it is.
  const { size, by } = covered;
  holds.push({ seq: Math.max(0, size - 1), by: `${by}, which covers ${size} entries` });
  const held = await firstHeld({ from: 0, to: Number.MAX_SAFE_INTEGER });
  if (held) holds.push({ seq: held.seq, by: `the hold ${JSON.stringify(held.hold.name)}` });
  return holds.toSorted((one, two) => one.seq - two.seq);
}
