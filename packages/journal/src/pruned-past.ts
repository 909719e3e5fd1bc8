import { SteleError } from "@stele/core/error";
import { followKeys, type TrustedKey } from "@stele/core/key-chain";
import { sameKey, type VerifierKey } from "@stele/core/key";
import type { SegmentHeader } from "@stele/core/ledger";
import type { PlacedAgentChange } from "@stele/core/agent-event";
import type { PrunedRecord } from "@stele/core/pruned-event";
import type { Finding, Verdict } from "@stele/core/verdict";
import type { World } from "@stele/store";
import type { KeyHistory } from "@stele/store/reading";
import {
  contradicts,
  holdAgentsAgainstTiles,
  readKeptAgents,
  statedBy,
  type KeptAgents,
} from "@stele/store/agents";
import {
  checkTiles,
  continues,
  readPruned,
  readPrunedHashes,
  type PrunedFile,
  type PrunedHashes,
} from "@stele/store/tiles";

/** What a check knows of the entries before the first segment. */
export interface PrunedPast {
  /** How many there were. */
  readonly first: number;
  /** Whether `pruned.jsonl` is there, which says where to look for the entry that says why. */
  readonly isAnnounced: boolean;
  /** Their hashes; a finding when some are missing. */
  readonly hashes: PrunedHashes | Finding;
  /** What is wrong with their tiles of higher levels. */
  readonly tiles: Finding | undefined;
  /** The keys that sealed them, the one that is due behind them last; or why that is not proven. */
  readonly keys: readonly VerifierKey[] | Finding;
  /** What was kept of the entries about agents' keys; or why that is not what they were. */
  readonly agents: KeptAgents | Finding;
  /** Whether one of their seals that was kept is by the pinned key. */
  readonly pinnedSealed: boolean;
  /** Of a bounded journal in memory: nothing is kept of what was evicted, and nothing says so. */
  readonly isEvicted?: boolean;
}

/** What is known of evicted entries: that the first segment's seals bear out its header. */
export function evictedPast({ first, epochs }: KeyHistory): PrunedPast | undefined {
  if (first === 0) return undefined;
  const hashes: Finding = { verdict: "corrupt", seq: 0, reason: "evicted" };
  const keys = [epochs[0]!.key];
  const nothing = { isAnnounced: false, tiles: undefined, pinnedSealed: false };
  const agents = { from: first, changes: [] };
  return { ...nothing, first, hashes, keys, agents, isEvicted: true };
}

/**
 * Reads what was kept of pruned entries: their hashes, and the proofs of those that changed the
 * key. Undefined when nothing was pruned. Costs a node hash for each of them, and a few signatures.
 */
export async function readPast(
  world: World,
  directory: string,
  known: {
    readonly history: KeyHistory;
    readonly pinned: VerifierKey | undefined;
    readonly rootsWanted: readonly number[];
  },
): Promise<PrunedPast | undefined> {
  const { first, proofs, epochs } = known.history;
  if (first === 0) return undefined;
  const file = await readPruned(world.disk, directory);
  const isAnnounced = file !== undefined;
  const sizes = proofs.map(({ proof }) => proof.checkpoint.size);
  const wanted = { first, roots: [...known.rootsWanted, ...sizes] };
  const hashes = await orFinding(readPrunedHashes(world, directory, wanted));
  const tiles =
    "verdict" in hashes
      ? undefined
      : await checkTiles(world.disk, world.primitives, directory, hashes);
  const key = epochs[0]!.key;
  const followed = followKeys(
    world.primitives,
    key,
    proofs.map(({ proof }) => proof),
  );
  const keys = keysOf(known.history, followed);
  const { pinned } = known;
  const sealers = "verdict" in keys ? [] : sealersOf(known.history);
  const pinnedSealed = pinned !== undefined && sealers.some((one) => sameKey(one, pinned));
  const agents = await orFinding(
    agentsOf(world, directory, {
      origin: key.name,
      file,
      first,
      areHashesThere: !("verdict" in hashes),
    }),
    "tampered",
  );
  return { first, isAnnounced, hashes, tiles, keys, agents, pinnedSealed };
}

async function orFinding<T>(
  pending: Promise<T>,
  verdict: "corrupt" | "tampered" = "corrupt",
): Promise<T | Finding> {
  try {
    return await pending;
  } catch (error) {
    if (!(error instanceof SteleError) || error.code !== "JOURNAL_DAMAGED") throw error;
    return { verdict, seq: error.seq ?? 0, reason: error.message };
  }
}

/** Where hashes are missing, that is the finding. */
async function agentsOf(
  world: World,
  directory: string,
  known: {
    readonly origin: string;
    readonly file: PrunedFile | undefined;
    readonly first: number;
    readonly areHashesThere: boolean;
  },
): Promise<KeptAgents> {
  const { origin, file, first, areHashesThere } = known;
  const kept = readKeptAgents(world.primitives, origin, file, first);
  if (areHashesThere) await holdAgentsAgainstTiles(world.disk, directory, kept, first);
  return kept;
}

function keysOf(
  { epochs, proofs, first }: KeyHistory,
  followed: TrustedKey | string,
): readonly VerifierKey[] | Finding {
  const keys = epochs.filter((epoch) => epoch.first <= first).map(({ key }) => key);
  const reason = doubtOf(keys, proofs, first, followed);
  if (reason === undefined) return keys;
  return { verdict: "tampered", seq: 0, reason: `the keys that were pruned: ${reason}` };
}

/** By which keys the checkpoints of the proofs are: not by those that were lost. */
function sealersOf({ epochs, first, proofs }: KeyHistory): readonly VerifierKey[] {
  const ended = epochs.filter(({ end }) => end && end.size <= first && end.reason !== "lost");
  const beginning = proofs[0]?.proof.index === 0 ? [epochs[0]!] : [];
  return [...beginning, ...ended].map(({ key }) => key);
}

function doubtOf(
  keys: readonly VerifierKey[],
  proofs: KeyHistory["proofs"],
  first: number,
  followed: TrustedKey | string,
): string | undefined {
  if (typeof followed === "string") return followed;
  const last = proofs.at(-1);
  if (last && last.proof.checkpoint.size > first) return "the last one ends behind the cut";
  // What stands before a proof that names the first key again is followed by nobody.
  const changes = followed.used.length - (followed.recoveryKey ? 1 : 0);
  return changes === keys.length ? undefined : "a key comes again";
}

/**
 * What is wrong with the past, once the seals of the first segment bear out its header: the hashes
 * must lead to where it begins, and to what each of the earlier keys sealed last.
 */
export function holdPastAgainst(
  { hashes, tiles }: PrunedPast,
  { header, history }: { readonly header: SegmentHeader; readonly history: KeyHistory },
): Finding | undefined {
  if ("verdict" in hashes) return hashes;
  if (!continues(header, hashes)) {
    const reason = `the tiles do not hold the hashes of the ${header.first} pruned entries`;
    return { verdict: "corrupt", seq: 0, reason };
  }
  for (const { proof } of history.proofs) {
    const { size, root } = proof.checkpoint;
    if (hashes.roots.get(size) === root) continue;
    const reason = `the key that sealed the first ${size} entries, now pruned, sealed other ones`;
    return { verdict: "tampered", seq: 0, reason };
  }
  return tiles;
}

/** The changes of agents' keys by entries that were dropped. */
export function agentsOfPast(past: PrunedPast | undefined): readonly PlacedAgentChange[] {
  if (!past || "verdict" in past.agents) return [];
  return past.agents.changes.filter(({ seq }) => seq < past.first);
}

/** Whether agents may have had keys that nobody knows any more. */
export function agentsMayBeLost(past: PrunedPast | undefined): boolean {
  return past !== undefined && !("verdict" in past.agents) && past.agents.from > 0;
}

/**
 * What is wrong with what was kept of agents' keys, as the entry that names the cut has it; or when
 * more signatures were let pass than that entry allows for.
 */
export function holdAgentsAgainst(
  { agents, first }: PrunedPast,
  record: PrunedRecord,
  unchecked: number,
): Finding | undefined {
  if ("verdict" in agents) return agents;
  const isLess = unchecked > 0 && agents.from > statedBy(record, first).from;
  const reason = contradicts(record, agents, first) ?? (isLess ? "they are missing" : undefined);
  return reason === undefined ? undefined : { verdict: "tampered", seq: 0, reason };
}

/** Of the entries that say what was dropped, the one that made the ledger begin where it does. */
export function recordOf(
  records: readonly PrunedRecord[],
  first: number,
): PrunedRecord | undefined {
  const enough = records.filter((record) => record.first >= first);
  return enough.toSorted((one, two) => one.first - two.first || one.seq - two.seq)[0];
}

/** That segments are missing without an entry that says so. */
export function notPruned(records: readonly PrunedRecord[], first: number): Finding {
  const from = Math.max(0, ...records.map((record) => record.first));
  const reason = `entries ${from} to ${first - 1} are missing with their segment`;
  return { verdict: "tampered", seq: from, reason };
}

/** What a verdict says of pruned entries. */
export function prunedOf(first: number, record: PrunedRecord | undefined): Verdict["pruned"] {
  const { seq, time, reason, by } = record ?? {};
  return {
    entries: first,
    before: null,
    at: time ?? null,
    seq: seq ?? null,
    reason: reason ?? null,
    by: by ?? null,
  };
}
