import { SteleError } from "@stele/core/error";
import type { Entry } from "@stele/core/ledger";
import { factsOf } from "./facts.ts";
import { SessionState, type Link } from "./state.ts";
import type { SessionSource } from "./source.ts";
import type { Tally } from "./tally.ts";

/** What a session's own integrity check found. */
export interface SessionCheck {
  readonly intact: boolean;
  /** How many entries the session has, and how many of them were pruned or evicted. */
  readonly length: number;
  readonly missing: number;
  /** The first difference between what the session counted and what the ledger holds. */
  readonly mismatch?: SessionMismatch;
}

/** A difference. */
export interface SessionMismatch {
  /**
   * The first entry of the session, from 0, that differs; or the first that is still known one by
   * one, when all of those differ.
   */
  readonly index: number;
  /** `chain`, `entry`, `length`, or the name of a total. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** What a session counted at one moment. */
export interface Counted {
  readonly session: string;
  readonly length: number;
  readonly head: string;
  readonly first: Link | undefined;
  readonly last: Link | undefined;
  readonly links: readonly Link[];
  readonly tally: Tally;
}

/**
 * Reads the whole ledger, adds the session's entries up anew, and compares. Where entries were
 * pruned or evicted, what is left of them is compared one by one, as far as it is known so.
 */
export async function checkSession(source: SessionSource, counted: Counted): Promise<SessionCheck> {
  const { length, first, last } = counted;
  const state = new SessionState(source.primitives);
  const found: Link[] = [];
  const wanted = new Set(counted.links.map(({ seq }) => seq));
  try {
    for await (const entry of source.scan(counted.session, (last?.seq ?? -1) + 1)) {
      note(state, entry);
      if (wanted.has(entry.seq)) found.push(state.last!);
    }
  } catch (error) {
    return damage(error, { length, index: state.length });
  }
  // Only now: what was dropped meanwhile may not have been read.
  const kept = await source.first();
  const isWhole = first === undefined || first.seq >= kept;
  const missing = isWhole ? 0 : length - state.length;
  const mismatch = isWhole
    ? (chainMismatch(counted, state, found) ?? sumMismatch(counted, state))
    : keptMismatch(counted, found, kept);
  return { intact: !mismatch, length, missing, ...(mismatch && { mismatch }) };
}

function note(state: SessionState, entry: Entry): void {
  state.place(factsOf({ ...entry.event }), entry);
}

function damage(
  error: unknown,
  { length, index }: { readonly length: number; readonly index: number },
): SessionCheck {
  if (!(error instanceof SteleError) || error.code !== "JOURNAL_DAMAGED") throw error;
  const expected = "an intact ledger";
  const mismatch = { index, what: "entry", expected, actual: error.message };
  return { intact: false, length, missing: 0, mismatch };
}

function chainMismatch(
  { length, head, links }: Counted,
  state: SessionState,
  found: readonly Link[],
): SessionMismatch | undefined {
  if (state.head === head && state.length === length) return undefined;
  const before = length - links.length;
  for (const [place, { seq, chain }] of links.entries()) {
    const actual = found.find((link) => link.seq === seq)?.chain ?? `no entry ${seq}`;
    if (actual === chain) continue;
    return { index: before + place, what: "chain", expected: chain, actual };
  }
  const [expected, actual] = [String(length), String(state.length)];
  return { index: Math.min(length, state.length), what: "length", expected, actual };
}

function sumMismatch({ tally, length }: Counted, state: SessionState): SessionMismatch | undefined {
  const expected = Object.entries(tally.totals());
  const actual = new Map(Object.entries(state.placed.totals()));
  for (const [what, sum] of expected) {
    if (actual.get(what) === sum) continue;
    return { index: length, what, expected: String(sum), actual: String(actual.get(what)) };
  }
  return undefined;
}

function keptMismatch(
  { length, links }: Counted,
  found: readonly Link[],
  kept: number,
): SessionMismatch | undefined {
  for (const [place, { seq, hash }] of links.entries()) {
    const actual = found.find((link) => link.seq === seq)?.hash ?? `no entry ${seq}`;
    if (seq < kept || actual === hash) continue;
    const index = length - links.length + place;
    return { index, what: "entry", expected: hash, actual };
  }
  return undefined;
}
