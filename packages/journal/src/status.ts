import { SteleError } from "@stele/core/error";
import type { PublishedCheckpoint } from "@stele/store/checkpoint";

/** How an open journal is doing. */
export interface JournalStatus {
  /** Entries that are sealed and on disk. */
  readonly size: number;
  /** Time of the last of them, by the writer's clock; null in an empty journal. */
  readonly sealedAt: string | null;
  /** What DIR/checkpoint covers, and the time of the last entry in it; null when that is dropped. */
  readonly checkpoint: { readonly size: number; readonly at: string | null } | null;
  /** What witnesses vouch for; null when none were asked for and DIR/checkpoint has none. */
  readonly witnessed: WitnessedStatus | null;
  /** What goes wrong beside the ledger, and has not passed. */
  readonly problems: readonly SteleError[];
}

/** What witnesses vouch for, and what a thief of all keys could still rewrite unseen. */
export interface WitnessedStatus {
  readonly size: number;
  /** Time of the newest cosignature, by its witness's clock; null when there is none yet. */
  readonly at: string | null;
  /** Sealed entries that no quorum has countersigned, and how old the first of them is. */
  readonly exposure: { readonly entries: number; readonly sinceMs: number };
}

/** What the status is made from. */
export interface StatusSource {
  readonly size: number;
  readonly nowMs: number;
  readonly published: PublishedCheckpoint | undefined;
  readonly hasWitness: boolean;
  readonly problems: readonly SteleError[];
  /** The time of an entry. */
  readonly timeOf: (seq: number) => Promise<string>;
}

/** Puts the status together; reads the times of up to three entries. */
export async function readStatus(source: StatusSource): Promise<JournalStatus> {
  const { size, published, hasWitness, problems, timeOf } = source;
  const checkpointSize = published?.checkpoint.size ?? 0;
  const isWitnessed = hasWitness || published?.isCosigned === true;
  return {
    size,
    sealedAt: size === 0 ? null : await timeOf(size - 1),
    checkpoint:
      checkpointSize === 0
        ? null
        : { size: checkpointSize, at: await timeOf(checkpointSize - 1).catch(nullIfGone) },
    witnessed: isWitnessed ? await readWitnessed(source) : null,
    problems,
  };
}

function nullIfGone(error: unknown): null {
  if (error instanceof SteleError && error.code === "SEQ_PRUNED") return null;
  throw error;
}

async function readWitnessed(source: StatusSource): Promise<WitnessedStatus> {
  const { size, nowMs, published, timeOf } = source;
  const covered = published?.isCosigned ? published.checkpoint.size : 0;
  const entries = size - covered;
  const sinceMs = entries === 0 ? 0 : Math.max(0, nowMs - Date.parse(await timeOf(covered)));
  const at = covered === 0 ? null : cosignedAt(published!);
  return { size: covered, at, exposure: { entries, sinceMs } };
}

/** The latest time in its cosignatures: 8 bytes, the most significant first, and 64 more. */
function cosignedAt({ note }: PublishedCheckpoint): string | null {
  const times = note.signatures
    .filter(({ signature }) => signature.length === 72)
    .map(({ signature }) => Number(Buffer.from(signature).readBigUInt64BE()) * 1000);
  const latest = Math.max(...times);
  return latest <= MAX_TIME_MS ? new Date(latest).toISOString() : null;
}

/** The latest that a Date can hold. */
const MAX_TIME_MS = 8.64e15;
