import { availableParallelism } from "node:os";
import { utf8 } from "@stele/core/bytes";
import { rootBase64 } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { EMPTY_ROOT } from "@stele/core/hash";
import { parseVerifierKey, sameKey, type VerifierKey } from "@stele/core/key";
import { parseNote } from "@stele/core/note";
import type { Verdict } from "@stele/core/verdict";
import { readManifest, type Disk, type Manifest, type World } from "@stele/store";
import {
  firstSeal,
  LedgerReader,
  listSegments,
  orUndefined,
  readHead,
  readKeyHistory,
  segmentPath,
  type KeyHistory,
} from "@stele/store/reading";
import { readPublished } from "@stele/store/checkpoint";
import type { Checkpoints, Published } from "./held-against.ts";
import { readKept, requireReach, type KeptCheckpoint } from "./held-checkpoint.ts";
import { areSameChanges, readAgentsFile } from "@stele/store/agents";
import { entriesOnlyInTiles, readPruned } from "@stele/store/tiles";
import { findKey, type Environment } from "./key-store.ts";
import { findWitnessed, readPinnedWitnesses, type PinnedWitnesses } from "./pinned-witnesses.ts";
import { agentsMayBeLost, agentsOfPast, evictedPast, readPast } from "./pruned-past.ts";
import { addErasuresFrom, countUnerased } from "./unerased.ts";
import { reachVerdict, type Evidence } from "./verdict.ts";
import {
  checkInTurn,
  Progress,
  totalBytes,
  type CheckedSegment,
  type SegmentJob,
} from "./verify-segments.ts";
import { checkInThreads } from "./verify-threads.ts";
import { isThisMachine } from "./world.ts";

/** What a journal is checked against, and how. */
export interface VerifyOptions {
  /** The vkey to pin. Default: the one that the journal itself states. */
  readonly key?: string | undefined;
  /** A signed checkpoint of this journal, kept from before: the note's bytes or text. */
  readonly checkpoint?: Uint8Array | string | undefined;
  /**
   * The vkeys of witnesses: a checkpoint that one of them countersigned, the given one or the one
   * in DIR/checkpoint, is evidence from outside.
   */
  readonly witnesses?: readonly string[] | undefined;
  /** Instead: a C2SP witness policy, whose quorum it takes. */
  readonly policy?: string | undefined;
  /** The verdict is `stale` when the pinned witnesses saw nothing of the journal for so long. */
  readonly maxAgeMs?: number | undefined;
  /** How many threads check segments. Default: as many as there are processors. */
  readonly threads?: number | undefined;
  /**
   * Where the secret of a journal that is sealed with HMAC is looked for, as when it is opened.
   * Default: process.env.
   */
  readonly environment?: Environment | undefined;
  /** Called with the bytes that have been checked and all there are. */
  readonly onProgress?: ((checkedBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * Checks every line, link, seal and header of the journal in one pass with flat memory, and says
 * what that is worth. A journal that is not intact is a verdict, not an error. Throws what
 * `readManifest` throws, OPTION_INVALID, KEY_MALFORMED for pinned keys, POLICY_MALFORMED, and NOTE_
 * or CHECKPOINT_ codes when the checkpoint is not one of this journal's. `isBounded`: of a journal
 * in memory, whose oldest entries went without a trace; SEQ_PRUNED for a checkpoint of only those.
 */
export async function verifyLedger(
  world: World,
  directory: string,
  options: VerifyOptions = {},
  isBounded = false,
): Promise<Verdict> {
  requireThreads(options.threads);
  for (;;) {
    const [first] = await listSegments(world.disk, directory);
    const verdict = await verifyOnce(world, directory, options, isBounded).catch(
      async (error: unknown) => {
        // Segments may be dropped while they are being checked.
        const [now] = await listSegments(world.disk, directory);
        if (now === first) throw error;
        return undefined;
      },
    );
    if (verdict) return verdict;
  }
}

async function verifyOnce(
  world: World,
  directory: string,
  options: VerifyOptions,
  isBounded: boolean,
): Promise<Verdict> {
  const { disk, primitives } = world;
  const manifest = await readManifest(disk, primitives, directory);
  const pinned = options.key === undefined ? undefined : parseVerifierKey(primitives, options.key);
  const witnesses = readPinnedWitnesses(primitives, options);
  const notBeforeMs = oldest(world, options, witnesses);
  // Before the segments are listed: a writer may go on meanwhile, and only what was durable then
  // can be missed.
  const own = { origin: manifest.origin, witnesses };
  // What was evicted may be more than DIR/checkpoint covers.
  const published = isBounded ? "missing" : await readOwn(world, directory, own);
  const head = await readHead(world, directory);
  const segments = await listSegments(disk, directory);
  // Behind the segments: what each of them was sealed with is then known.
  const firstKey = await withSecret(world, manifest, options);
  const found = await readKeyHistory(world, directory, firstKey);
  const begins = await beginsWith(world, directory, { history: found, pinned });
  const history = begins ? startingWith(found, begins) : found;
  const kept =
    options.checkpoint === undefined
      ? undefined
      : readKept(primitives, { history, pinned, witnesses }, options.checkpoint);
  if (isBounded && kept) requireReach(kept.checkpoint.size, history.first);
  const checkpoints = { kept, published, notBeforeMs };
  const unerased = countUnerased.bind(undefined, world, directory, segments);
  const rootsWanted = sizesOf(checkpoints);
  const past = isBounded
    ? evictedPast(history)
    : await readPast(world, directory, { history, pinned, rootsWanted });
  const known = { head, checkpoints, history, pinned, primitives, past };
  const reader = new LedgerReader(world, directory, manifest);
  const addErasures = addErasuresFrom.bind(undefined, reader);
  const evidence = { ...known, countUnerased: unerased, addErasures };
  const { origin } = manifest;
  const derived = (await readAgentsFile(disk, primitives, directory))?.changes ?? [];
  const agents = [...agentsOfPast(past), ...derived.filter(({ seq }) => seq >= history.first)];
  const areAgentsLost = agentsMayBeLost(past);
  const files = { directory, origin, history, segments };
  const job: SegmentJob = { ...files, rootsWanted, agents, areAgentsLost };
  if (pinned && pinned.name !== origin) {
    const other = anotherJournal(pinned.name, origin);
    return (await reachVerdict(other, segments.length, evidence)).verdict;
  }
  const reached = await checkJournal(world, job, { options, evidence });
  const verdict = await holdAgainstTiles(world, directory, reached);
  return begins || !pinned ? withTimes(verdict, reader) : byAnother(verdict, { pinned, kept });
}

/**
 * Checks the segments against the agents' keys that the journal's derived file names; and once more
 * against those that the entries name, where they differ.
 */
async function checkJournal(
  world: World,
  job: SegmentJob,
  given: { readonly options: VerifyOptions; readonly evidence: Evidence },
): Promise<Verdict> {
  const { options, evidence } = given;
  const count = job.segments.length;
  const { verdict, agents } = await reachVerdict(
    checkSegments(world, job, options),
    count,
    evidence,
  );
  const believed = job.agents.filter(({ seq }) => seq < verdict.size);
  if (areSameChanges(believed, agents)) return verdict;
  const again = checkSegments(world, { ...job, agents }, options);
  return (await reachVerdict(again, count, evidence)).verdict;
}

/** An HMAC key verifies nothing without its secret, which is where the signing key would be. */
export async function withSecret(
  world: World,
  manifest: Manifest,
  { environment = process.env }: VerifyOptions,
): Promise<VerifierKey> {
  const { key } = manifest;
  if (key.type !== "hmac-sha256") return key;
  return (await findKey(world, { manifest, key }, environment)).signer.key;
}

/**
 * The key with which the journal begins when one is pinned: the history's own when that names the
 * pinned one, or the pinned one, whatever the manifest says. Undefined when the pinned key sealed
 * nothing of it.
 */
async function beginsWith(
  { disk }: World,
  directory: string,
  { history, pinned }: { readonly history: KeyHistory; readonly pinned: VerifierKey | undefined },
): Promise<VerifierKey | undefined> {
  const first = history.epochs[0]!.key;
  if (!pinned || pinned.name !== first.name) return first;
  if (history.epochs.some(({ key }) => sameKey(key, pinned))) return first;
  const seal = await oldestSeal(disk, directory, history);
  const isTheirs = seal !== undefined && isClaimedBy(seal, pinned);
  return isTheirs ? pinned : undefined;
}

/** The first seal of the journal that is left: of those that were pruned, what proves keys. */
async function oldestSeal(
  disk: Disk,
  directory: string,
  { first, proofs }: KeyHistory,
): Promise<string | undefined> {
  const [kept] = proofs;
  if (kept) return kept.text.slice(kept.text.indexOf("\n\n") + 2);
  const isPruned = first > 0 && (await readPruned(disk, directory)) !== undefined;
  return orUndefined(firstSeal(disk, segmentPath(directory, isPruned ? first : 0)));
}

/** Whether the note's first signature says that it is the key's. */
function isClaimedBy(note: string, { keyId }: VerifierKey): boolean {
  try {
    return parseNote(utf8(note)).signatures[0]!.keyId === keyId;
  } catch (error) {
    if (error instanceof SteleError) return false;
    throw error;
  }
}

function startingWith(history: KeyHistory, key: VerifierKey): KeyHistory {
  const [first, ...later] = history.epochs;
  return { ...history, epochs: [{ ...first!, key }, ...later] };
}

/** The verdict on a journal that only other keys than the pinned one sealed. */
function byAnother(
  verdict: Verdict,
  { pinned, kept }: { readonly pinned: VerifierKey; readonly kept: KeptCheckpoint | undefined },
): Verdict {
  const isTheirs = kept?.signer !== undefined && sameKey(kept.signer, pinned);
  const isSame = isTheirs && verdict.anchored?.size === kept.checkpoint.size;
  const { name, keyId } = pinned;
  const reason = isSame
    ? `the entries are those of the checkpoint, but no longer sealed by ${name}+${keyId}`
    : `it began with another key than ${name}+${keyId}, or was rolled back to before that key`;
  return {
    ...verdict,
    verdict: isSame ? "re-signed" : "re-created",
    size: 0,
    root: rootBase64(EMPTY_ROOT),
    firstBad: { seq: 0, reason },
    pruned: null,
    anchored: null,
    unanchored: { entries: 0, since: null },
  };
}

/** Tiles are written behind the ledger: where they name more, it was cut. */
async function holdAgainstTiles(
  world: World,
  directory: string,
  verdict: Verdict,
): Promise<Verdict> {
  if (verdict.firstBad) return verdict;
  const { size } = verdict;
  const named = await entriesOnlyInTiles(world, directory, size);
  if (named === undefined) return verdict;
  const reason = `the tiles name ${named} entries, ${size} are left`;
  return { ...verdict, verdict: "truncated", firstBad: { seq: size, reason } };
}

/**
 * With the times of the first entry that no evidence from outside covers, and of the first one that
 * was not pruned.
 */
async function withTimes(verdict: Verdict, reader: LedgerReader): Promise<Verdict> {
  const { anchored, unanchored, pruned } = verdict;
  const since = unanchored.entries === 0 ? null : await timeOf(reader, anchored?.size ?? 0);
  const hasKept = pruned && verdict.size > pruned.entries;
  const before = hasKept ? await timeOf(reader, pruned.entries) : null;
  return {
    ...verdict,
    unanchored: { ...unanchored, since },
    pruned: pruned && { ...pruned, before },
  };
}

async function timeOf(reader: LedgerReader, seq: number): Promise<string | null> {
  try {
    return (await reader.get(seq)).entry.time;
  } catch (error) {
    if (error instanceof SteleError && !error.code.startsWith("DISK_")) return null;
    throw error;
  }
}

/** DIR/checkpoint, not yet compared. */
async function readOwn(
  { disk, primitives }: World,
  directory: string,
  known: { readonly origin: string; readonly witnesses: PinnedWitnesses },
): Promise<Published> {
  const file = await readPublished(disk, directory, known.origin);
  if (typeof file === "string") return file;
  try {
    return { file, witnessed: findWitnessed(primitives, file.note, known.witnesses) };
  } catch (error) {
    if (error instanceof SteleError) return "unverified";
    throw error;
  }
}

function sizesOf({ kept, published }: Checkpoints): readonly number[] {
  const own = typeof published === "string" ? [] : [published.file.checkpoint.size];
  return kept ? [kept.checkpoint.size, ...own] : own;
}

/** By when a witness must have seen the journal. */
function oldest(
  { clock }: World,
  { maxAgeMs }: VerifyOptions,
  witnesses: PinnedWitnesses,
): number | undefined {
  if (maxAgeMs === undefined) return undefined;
  if (!(maxAgeMs >= 0)) {
    throw new SteleError("OPTION_INVALID", `maxAgeMs must be 0 or more, not ${maxAgeMs}`);
  }
  if (witnesses.keys.length > 0) return clock.nowMs() - maxAgeMs;
  const message = "only what witnesses countersigned has an age, and none is pinned";
  throw new SteleError("OPTION_INVALID", message, { fix: "pin a witness too" });
}

function requireThreads(threads: number | undefined): void {
  if (threads === undefined || (Number.isSafeInteger(threads) && threads > 0)) return;
  throw new SteleError(
    "OPTION_INVALID",
    `threads must be a whole number from 1 on, not ${threads}`,
  );
}

/** Who pins a key of another name was given another journal. */
async function* anotherJournal(
  pinned: string,
  origin: string,
): AsyncGenerator<CheckedSegment, void, undefined> {
  const reason = `the journal is ${origin}, the pinned key is for ${pinned}`;
  yield { finding: { verdict: "wrong-key", seq: 0, reason } };
}

/** Below this a thread takes longer to start than to check. */
const THREADS_PAY_BYTES = 16 * 1024 * 1024;

async function* checkSegments(
  world: World,
  job: SegmentJob,
  options: VerifyOptions,
): AsyncGenerator<CheckedSegment, void, undefined> {
  const bytes = await totalBytes(world, job);
  const few = job.segments.length < 2 || bytes < THREADS_PAY_BYTES;
  const wanted = options.threads ?? (few ? 1 : availableParallelism());
  const threads = Math.min(wanted, job.segments.length);
  const progress = new Progress(bytes, options.onProgress);
  yield* threads > 1 && isThisMachine(world)
    ? checkInThreads(job, threads, progress.add)
    : checkInTurn(world, job, progress.add);
}
