import { matchesAscii } from "@stele/core/bytes";
import type { Hash } from "@stele/core/hash";
import { checkedHash } from "@stele/core/ledger";
import { readEntryLine, type EntryLine } from "./entry-line.ts";
import type { SealedSegment, SeqRange } from "./entry-pages.ts";
import { scanLines } from "./line-scanner.ts";
import { entrySeq, locateEntry } from "./locate.ts";

// Whoever looks for few entries among very many pays for hashing all of them, and for reading as
// JSON only those that may be wanted. An entry that was changed so that it is not found is damage.

/**
 * Whether an entry may be one that is looked for, by the bytes of its line, which are good during
 * the call. Called for each entry, in order.
 */
export type MayBeWanted = (line: Buffer, seq: number) => boolean;

/** How far a search has come. */
export interface SearchPlace {
  /** The number of the next entry. */
  readonly seq: number;
  /** The hash of the one before it; undefined at the beginning. */
  readonly last: Hash | undefined;
}

/** What a segment has of what is looked for. */
export interface SearchedSegment {
  readonly entries: readonly EntryLine[];
  readonly end: SearchPlace;
  /** Why the entry at the end is not intact, if so. */
  readonly damage: string | undefined;
}

/**
 * Checks each entry of the range against its hash and its link, and collects those that may be
 * wanted. Memory: two mebibytes, and what is found.
 */
export async function searchSegment(
  segment: SealedSegment,
  seqs: SeqRange,
  begin: SearchPlace,
  mayBeWanted: MayBeWanted,
): Promise<SearchedSegment> {
  const { file, hasher, first, sizeBytes } = segment;
  const entries: EntryLine[] = [];
  let { seq, last } = begin;
  let damage: string | undefined;
  const line = (buffer: Uint8Array, start: number, end: number): "stop" | undefined => {
    const stated = entrySeq(buffer, start, end);
    if (stated === undefined || stated < seqs.lo) return undefined;
    if (stated > seqs.hi) return "stop";
    const hash = checkedHash(hasher, buffer, start, end);
    damage = whyNot(buffer, start, { stated, seq, last, hash });
    const bytes = Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start);
    if (damage === undefined && mayBeWanted(bytes, seq)) {
      const found = readEntryLine(bytes);
      if (found) entries.push(found);
      else damage = "it is not JSON";
    }
    if (damage !== undefined) return "stop";
    last = hash as Hash;
    seq++;
    return undefined;
  };
  const from = seqs.lo <= first ? 0 : await locateEntry(file, seqs.lo, segment);
  await scanLines(file, { from, to: sizeBytes }, { line, piece: () => undefined });
  return { entries, end: { seq, last }, damage };
}

type CheckedHash = ReturnType<typeof checkedHash>;

function whyNot(
  buffer: Uint8Array,
  start: number,
  entry: SearchPlace & { readonly stated: number; readonly hash: CheckedHash },
): string | undefined {
  const { stated, seq, last, hash } = entry;
  if (stated !== seq) return `entry ${stated} stands in its place`;
  if (hash === "malformed" || hash === "mismatch") return "its bytes do not match its hash";
  const prev = start + `{"seq":${seq}`.length;
  const isLinked = last === undefined || matchesAscii(buffer, prev, `,"prev":"${last}"`);
  return isLinked ? undefined : "it is not linked to its neighbour";
}
