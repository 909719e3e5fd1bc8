import { SteleError } from "@stele/core/error";
import { encodeEvent, type EventText } from "@stele/core/event";
import { MAX_REASON_LENGTH, MAX_WHO_LENGTH } from "@stele/core/erasure";
import { Holds, isSelective, type Hold, type Selection } from "@stele/core/hold";
import type { LedgerReader } from "@stele/store/reading";
import { despitePruning } from "./despite-pruning.ts";
import { mayBeAboutHolds, prefilter } from "./prefilter.ts";

/** Something to be kept, whoever asks for its erasure. */
export interface HoldOptions extends Selection {
  /** By which it is released; one that is in force is not given again. */
  readonly name: string;
  readonly reason: string;
  readonly by?: string | undefined;
}

/** Who ends a hold, and why. */
export interface ReleaseOptions {
  readonly reason: string;
  readonly by?: string | undefined;
}

/**
 * Reads those of a journal's entries that may be wanted, of a range; an entry that was changed so
 * that it is not found rejects.
 */
export type Search = Pick<LedgerReader, "search" | "first">;

/** The holds in force. Cost: hashing the journal. */
export function readHolds(ledger: Search): Promise<Holds> {
  return despitePruning(
    () => ledger.first(),
    async () => {
      const holds = new Holds();
      for await (const { entry } of ledger.search({}, mayBeAboutHolds)) holds.note(entry);
      return holds;
    },
  );
}

/** The first entry of the range that a hold is over, and the hold. Two passes. */
export async function findHeld(
  ledger: Search,
  range: { readonly from: number; readonly to: number },
): Promise<{ readonly seq: number; readonly hold: Hold } | undefined> {
  const holds = await readHolds(ledger);
  if (holds.active.length === 0) return undefined;
  const filters = holds.active.map(({ selection }) => prefilter(selection));
  const stating = new Set(holds.active.map(({ seq }) => seq));
  const mayBeHeld = (line: Buffer, seq: number): boolean =>
    stating.has(seq) || filters.some((mayBe) => mayBe(line, seq));
  for await (const { entry } of ledger.search(range, mayBeHeld)) {
    const hold = holds.over(entry);
    if (hold) return { seq: entry.seq, hold };
  }
  return undefined;
}

/** The event that adds a hold. Throws OPTION_INVALID. */
export function addEvent(holds: Holds, options: HoldOptions): EventText {
  const { name, reason, by } = options;
  requireText("the hold's name", name, MAX_WHO_LENGTH);
  requireWhy(options);
  requireSelection(options);
  if (holds.active.some((hold) => hold.name === name)) {
    throw invalid(`there is a hold ${JSON.stringify(name)} already`);
  }
  const { seqs, session, agent, subject } = options;
  const selection = { seqs, session, agent, subject };
  return encodeEvent({
    type: "stele.hold",
    data: { action: "add", hold: name, selection, reason, by },
  });
}

/** The event that releases a hold. Throws OPTION_INVALID. */
export function releaseEvent(holds: Holds, name: string, options: ReleaseOptions): EventText {
  const { reason, by } = options;
  requireWhy(options);
  if (!holds.active.some((hold) => hold.name === name)) {
    throw invalid(`there is no hold ${JSON.stringify(name)}`);
  }
  return encodeEvent({ type: "stele.hold", data: { action: "release", hold: name, reason, by } });
}

/** Throws OPTION_INVALID unless it says why, and who if at all, in texts that an entry can hold. */
export function requireWhy(untrusted: { readonly reason: unknown; readonly by?: unknown }): void {
  requireText("the reason", untrusted.reason, MAX_REASON_LENGTH);
  if (untrusted.by !== undefined) requireText("by", untrusted.by, MAX_WHO_LENGTH);
}

/** Throws OPTION_INVALID unless the selection can be found in entries, and is not everything. */
export function requireSelection(untrusted: Selection): void {
  if (!isSelective(untrusted)) throw invalid("it must be said what: seqs, session, agent, subject");
  const { seqs } = untrusted;
  if (seqs && !(isSeq(seqs.from) && isSeq(seqs.to) && seqs.from <= seqs.to)) {
    throw invalid(`there are no entries from ${seqs.from} to ${seqs.to}`);
  }
  for (const name of ["session", "agent", "subject"] as const) {
    if (untrusted[name] !== undefined) requireText(name, untrusted[name], MAX_WHO_LENGTH);
  }
}

/** Says which hold forbids to touch the entry. */
export function held(seq: number, hold: Hold): SteleError {
  const what = `entry ${seq} is held by ${JSON.stringify(hold.name)}`;
  const message = `${what} since ${hold.time} (entry ${hold.seq}): ${hold.reason}`;
  return new SteleError("HELD", message, { seq });
}

function isSeq(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function requireText(what: string, untrusted: unknown, limit: number): void {
  if (typeof untrusted === "string" && untrusted !== "" && untrusted.length <= limit) return;
  throw invalid(`${what} must be a text of 1 to ${limit} characters`);
}

function invalid(message: string): SteleError {
  return new SteleError("OPTION_INVALID", message);
}
