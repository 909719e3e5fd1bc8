import { encodeEvent, type EventText } from "./event.ts";
import type { Hash } from "./hash.ts";

// The entries by which a journal says that it dropped its oldest segments (spec/retention.md).

/** A segment that was dropped. */
export interface DroppedSegment {
  /** The `seq` of its first entry. */
  readonly first: number;
  readonly entries: number;
  readonly bytes: number;
  /** SHA-256 of the ledger file, for whoever has a copy of it. */
  readonly sha256: Hash;
  /** What lay beside it in content/. */
  readonly contentBytes: number;
}

/** Which dropped entries about agents' keys were kept beside the ledger: none is left out. */
export interface KeptAgentsCount {
  /** Those from this entry on; the ones before were dropped when they were not kept yet. */
  readonly from: number;
  readonly count: number;
}

/** What a `stele.pruned` entry says. */
export interface Cut {
  /** The `seq` of the first entry that is kept. */
  readonly first: number;
  readonly agents: KeptAgentsCount;
  /** Base64 root of the tree of the entries before that. */
  readonly root: string;
  readonly segments: readonly DroppedSegment[];
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
}

/** A `stele.pruned` entry, as far as checks and answers need it. */
export interface PrunedRecord {
  readonly seq: number;
  readonly time: string;
  /** The `seq` of the first entry that it says is kept. */
  readonly first: number;
  /** Undefined in entries of writers that kept none. */
  readonly agents: KeptAgentsCount | undefined;
  readonly reason: string | null;
  readonly by: string | null;
}

/** The first bytes of the events that `parsePruned` reads. */
export const PRUNED_EVENT_BEGINNING = '{"type":"stele.pruned",';
const NUMBER = "(0|[1-9][0-9]{0,15})";
const FORM = new RegExp(
  String.raw`^\{"type":"stele\.pruned","data":\{"first":${NUMBER},` +
    String.raw`(?:"agents":\{"from":${NUMBER},"count":${NUMBER}\},)?`,
);

/** The event that says what is dropped. */
export function prunedEvent({ first, agents, root, segments, reason, by }: Cut): EventText {
  const entries = segments.reduce((sum, segment) => sum + segment.entries, 0);
  const bytes = segments.reduce((sum, one) => sum + one.bytes + one.contentBytes, 0);
  const data = { first, agents, root, entries, bytes, segments, reason, by };
  return encodeEvent({ type: "stele.pruned", data });
}

/**
 * What the event of entry `seq` says was dropped; undefined unless it begins in the exact form and
 * names a cut at or before itself.
 */
export function parsePruned(
  { seq, time }: { readonly seq: number; readonly time: string },
  untrustedEvent: string,
): PrunedRecord | undefined {
  const [first, from, count] = (FORM.exec(untrustedEvent) ?? []).slice(1).map(numberOf);
  if (first === undefined || !Number.isSafeInteger(first) || first > seq) return undefined;
  const agents = from === undefined || count === undefined ? undefined : { from, count };
  const { reason, by } = readData(untrustedEvent);
  return { seq, time, first, agents, reason: textOrNull(reason), by: textOrNull(by) };
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}

function readData(untrusted: string): { readonly reason?: unknown; readonly by?: unknown } {
  try {
    const event = JSON.parse(untrusted) as { readonly data?: Readonly<Record<string, unknown>> };
    return { ...event.data };
  } catch {
    return {};
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
