import { availableParallelism } from "node:os";
import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint, type Checkpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { parseVerifierKey, sameKey, type VerifierKey } from "@stele/core/key";
import { parseNote, verifyNote } from "@stele/core/note";
import type { Verdict } from "@stele/core/verdict";
import { readManifest, type Manifest, type World } from "@stele/store";
import { listSegments, readHead, readKeyHistory, type KeyHistory } from "@stele/store/reading";
import { findKey, type Environment } from "./key-store.ts";
import { reachVerdict } from "./verdict.ts";
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
 * `readManifest` throws, OPTION_INVALID, KEY_MALFORMED for the pinned key, and NOTE_ or
 * CHECKPOINT_ codes when the checkpoint is not one of this journal's.
 */
export async function verifyLedger(
  world: World,
  directory: string,
  options: VerifyOptions = {},
): Promise<Verdict> {
  requireThreads(options.threads);
  const manifest = await readManifest(world.disk, world.primitives, directory);
  const { primitives } = world;
  const pinned = options.key === undefined ? undefined : parseVerifierKey(primitives, options.key);
  // Before the segments are listed: a writer may go on meanwhile, and only what was durable then
  // can be missed.
  const head = await readHead(world, directory);
  const segments = await listSegments(world.disk, directory);
  // Behind the segments: what each of them was sealed with is then known.
  const firstKey = await withSecret(world, manifest, options);
  const found = await readKeyHistory(world, directory, firstKey);
  const history = pinned ? startingFrom(found, pinned) : found;
  const checkpoint = readCheckpoint(world, history, options.checkpoint);
  const origin = pinned?.name ?? manifest.origin;
  const job: SegmentJob = {
    directory,
    origin,
    history,
    segments,
    rootsWanted: checkpoint ? [checkpoint.size] : [],
  };
  const reports =
    origin === manifest.origin
      ? checkSegments(world, job, options)
      : anotherJournal(origin, manifest.origin);
  const evidence = { head, checkpoint, history, pinned };
  return reachVerdict(reports, segments.length, evidence);
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

/** Who pins a key that the journal does not name must find that it began with it. */
function startingFrom(history: KeyHistory, pinned: VerifierKey): KeyHistory {
  if (history.epochs.some(({ key }) => sameKey(key, pinned))) return history;
  const [first, ...later] = history.epochs;
  return { ...history, epochs: [{ ...first!, key: pinned }, ...later] };
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
  yield { finding: { verdict: "tampered", seq: 0, reason } };
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

function readCheckpoint(
  world: World,
  { epochs }: KeyHistory,
  untrusted: Uint8Array | string | undefined,
): Checkpoint | undefined {
  if (untrusted === undefined) return undefined;
  const note = parseNote(typeof untrusted === "string" ? utf8(untrusted) : untrusted);
  const ids = note.signatures.map(({ keyId }) => keyId);
  const { key } = epochs.find((epoch) => ids.includes(epoch.key.keyId)) ?? epochs[0]!;
  verifyNote(world.primitives, note, key);
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin === key.name) return checkpoint;
  const message = `the checkpoint is of ${checkpoint.origin}, not of ${key.name}`;
  throw new SteleError("CHECKPOINT_MALFORMED", message);
}
