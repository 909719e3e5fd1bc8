import { utf8 } from "@stele/core/bytes";
import {
  AGENT_EVENT_BEGINNING,
  parseAgentChange,
  provesPossession,
  type PlacedAgentChange,
} from "@stele/core/agent-event";
import { SteleError } from "@stele/core/error";
import type { Hash } from "@stele/core/hash";
import type { Primitives } from "@stele/core/key";
import { checkedHash, eventOfLeaf, leafOfLine } from "@stele/core/ledger";
import type { PrunedRecord } from "@stele/core/pruned-event";
import type { Disk } from "./disk.ts";
import { entrySeq } from "./locate.ts";
import { prunedLeaves } from "./pruned-leaves.ts";
import { findPrunedRecord } from "./pruned-record.ts";
import { readPruned, type PrunedFile } from "./pruned.ts";
import type { World } from "./world.ts";

// The entries about agents' keys outlive the segments that they were in: their lines are kept in
// `pruned.jsonl`, and the hashes of all dropped entries say whether a line is the entry's
// (spec/retention.md section 3).

/** An entry about agents' keys that was dropped, and is not held against the tiles yet. */
export interface KeptAgentChange extends PlacedAgentChange {
  readonly hash: Hash;
}

/** What is left of the dropped entries about agents' keys. */
export interface KeptAgents {
  /** Of those from this entry on none is missing. */
  readonly from: number;
  readonly changes: readonly KeptAgentChange[];
}

/**
 * What the file has of such entries: all well-formed, in order, and as many as it says. What there
 * is no file of is unknown. Throws JOURNAL_DAMAGED.
 */
export function readKeptAgents(
  primitives: Primitives,
  origin: string,
  file: PrunedFile | undefined,
  first: number,
): KeptAgents {
  if (!file?.agents) return { from: first, changes: [] };
  const { from, count, lines } = file.agents;
  const changes = lines.map((line) => readLine(primitives, origin, line));
  const isInOrder = changes.every(({ seq }, place) => seq > (changes[place - 1]?.seq ?? -1));
  const isWithin = changes.every(({ seq }) => seq >= from && seq < file.first);
  if (!isInOrder || !isWithin) throw damaged("they are not in order");
  if (changes.length !== count) throw damaged(`there are ${changes.length}, not ${count}`);
  return { from: Math.min(from, first), changes };
}

/** Throws JOURNAL_DAMAGED unless each one that was dropped is what the tiles name at its place. */
export async function holdAgentsAgainstTiles(
  disk: Disk,
  directory: string,
  { changes }: KeptAgents,
  first: number,
): Promise<void> {
  for (const { seq, hash } of changes) {
    if (seq >= first) continue;
    for await (const page of prunedLeaves(disk, directory, { lo: seq, hi: seq + 1 })) {
      if (page.hashes[0] !== hash) throw damaged(`the tiles have another entry ${seq}`);
    }
  }
}

/**
 * The dropped entries about agents' keys, borne out by the tiles and by the sealed entry that names
 * the cut: for who goes on with them. Throws JOURNAL_DAMAGED. Cost: a few short reads.
 */
export async function agentsBefore(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
  known: { readonly origin: string; readonly first: number },
): Promise<KeptAgents & { readonly lines: readonly string[] }> {
  const { origin, first } = known;
  if (first === 0) return { from: 0, changes: [], lines: [] };
  const file = await readPruned(world.disk, directory);
  const record = await findPrunedRecord(world, directory, first);
  if (!record?.agents) return { from: first, changes: [], lines: [] };
  const { from } = record.agents;
  const kept = readKeptAgents(world.primitives, origin, file, first);
  const reason = contradicts(record, kept, first);
  if (reason !== undefined) throw damaged(reason);
  const changes = kept.changes.filter(({ seq }) => seq >= from && seq < first);
  await holdAgentsAgainstTiles(world.disk, directory, { from, changes }, first);
  const seqs = new Set(changes.map(({ seq }) => seq));
  const lines = (file?.agents?.lines ?? []).filter((line) => seqs.has(seqOf(line)));
  return { from, changes, lines };
}

/** What is wrong with what was kept, as the sealed entry that names the cut has it. */
export function contradicts(
  record: PrunedRecord,
  { changes }: KeptAgents,
  first: number,
): string | undefined {
  const { from, count } = statedBy(record, first);
  const kept = changes.filter(({ seq }) => seq >= from && seq < record.first).length;
  if (kept === count) return undefined;
  return `entry ${record.seq} says that ${count} entries about agents' keys were kept, not ${kept}`;
}

/** What the entry says of agents' keys: one that says nothing kept none. */
export function statedBy(
  { agents }: PrunedRecord,
  first: number,
): { readonly from: number; readonly count: number } {
  return agents ?? { from: first, count: 0 };
}

/** The lines of a segment's entries about agents' keys, oldest first. */
export function agentLinesIn(segment: Uint8Array): readonly string[] {
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength);
  const lines: string[] = [];
  let at = bytes.indexOf(NEEDLE);
  while (at >= 0) {
    const start = bytes.lastIndexOf("\n", at) + 1;
    const end = bytes.indexOf("\n", at);
    const line = bytes.toString("utf8", start, end < 0 ? bytes.length : end);
    if (isAboutAgents(line)) lines.push(line);
    at = end < 0 ? -1 : bytes.indexOf(NEEDLE, end);
  }
  return lines;
}

/** Those of entries before `first`. */
export function linesBelow(lines: readonly string[], first: number): readonly string[] {
  return lines.filter((line) => seqOf(line) < first);
}

function seqOf(line: string): number {
  return Number(/^\{"seq":([0-9]{1,16}),/.exec(line)?.[1]);
}

const NEEDLE = `,"event":${AGENT_EVENT_BEGINNING}`;

function isAboutAgents(line: string): boolean {
  return eventOfLeaf(leafOfLine(line))?.startsWith(AGENT_EVENT_BEGINNING) ?? false;
}

function readLine(primitives: Primitives, origin: string, untrusted: string): KeptAgentChange {
  // Room for the byte that hashing borrows.
  const bytes = utf8(`\n${untrusted}`);
  const hash = checkedHash(primitives, bytes, 1, bytes.length);
  const seq = entrySeq(bytes, 1, bytes.length);
  const event = eventOfLeaf(leafOfLine(untrusted));
  if (hash === "malformed" || hash === "mismatch" || seq === undefined || event === undefined) {
    throw damaged("one is not the entry that it was");
  }
  const change = changeIn(primitives, event);
  if (!change) throw damaged(`entry ${seq} names no agent's key`);
  if (change.proof && !provesPossession(primitives, origin, change)) {
    throw damaged(`the proof of possession in entry ${seq} is not the agent's`);
  }
  return { ...change, seq, hash };
}

function changeIn(primitives: Primitives, event: string): ReturnType<typeof parseAgentChange> {
  try {
    return parseAgentChange(primitives, event);
  } catch (error) {
    if (error instanceof SteleError) return undefined;
    throw error;
  }
}

function damaged(reason: string): SteleError {
  const message = `what was kept of the dropped entries about agents' keys is damaged: ${reason}`;
  return new SteleError("JOURNAL_DAMAGED", message, { seq: 0 });
}
