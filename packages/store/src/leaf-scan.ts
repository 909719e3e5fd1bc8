import { SteleError } from "@stele/core/error";
import type { Hash } from "@stele/core/hash";
import { checkedHash, HASH_FIELD_BYTES } from "@stele/core/ledger";
import type { ReadableFile } from "./disk.ts";
import { orUndefined } from "./files.ts";
import { scanLines, type LineSink } from "./line-scanner.ts";
import { prunedLeaves } from "./pruned-leaves.ts";
import { entrySeq, locateEntry } from "./locate.ts";
import { findSegment, listSegments, segmentPath } from "./segments.ts";
import type { World } from "./world.ts";

/** The leaves of the entries `lo` to `hi - 1`. */
export interface LeafRange {
  readonly lo: number;
  readonly hi: number;
  /** Whether the leaves' bytes are wanted too. */
  readonly withBytes?: boolean;
}

/** Some leaves in a row. */
export interface LeafPage {
  /** The `seq` of the first. */
  readonly first: number;
  readonly hashes: readonly Hash[];
  /** The bytes that the hashes are of; empty unless they are wanted. */
  readonly leaves: readonly Uint8Array[];
}

/** How much of the ledger is read for one page; several times the longest line. */
const PAGE_BYTES = 256 * 1024;

/**
 * Reads leaves from the ledger, in order, each hash computed from the bytes and compared with the
 * one on the line; the hashes of pruned ones from their tiles. Verifies no seal. Memory: less than
 * a mebibyte. Throws JOURNAL_DAMAGED at the first entry that is not intact or not there, SEQ_PRUNED
 * when the bytes of a pruned one are wanted.
 */
export async function* scanLeaves(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
  range: LeafRange,
): AsyncGenerator<LeafPage, void, undefined> {
  const { lo, hi } = range;
  if (lo >= hi) return;
  const segments = await listSegments(world.disk, directory);
  const kept = segments[0] ?? 0;
  if (lo < kept) yield* scanPruned(world, directory, { ...range, hi: Math.min(hi, kept) });
  const first = findSegment(segments, Math.max(lo, kept));
  if (first === undefined) throw damaged(lo, "its segment is missing");
  for (const [place, segment] of segments.entries()) {
    if (segment < first || segment >= hi) continue;
    const part = { lo: Math.max(lo, segment), hi: Math.min(hi, segments[place + 1] ?? hi) };
    const path = segmentPath(directory, segment);
    const file = await openUnlessPruned(world.disk, directory, { path, segment });
    if (!file) return yield* scanLeaves(world, directory, { ...range, lo: part.lo });
    try {
      const next = segments[place + 1];
      yield* scanSegment(world, file, { ...range, ...part, segment, next });
    } finally {
      await file.close();
    }
  }
}

async function* scanPruned(
  world: Pick<World, "disk" | "primitives">,
  directory: string,
  range: LeafRange,
): AsyncGenerator<LeafPage, void, undefined> {
  if (range.withBytes) {
    const message = `the bytes of entry ${range.lo} were pruned, or its segment is missing`;
    throw new SteleError("SEQ_PRUNED", message, { seq: range.lo });
  }
  for await (const { first, hashes } of prunedLeaves(world.disk, directory, range)) {
    yield { first, hashes, leaves: [] };
  }
}

/** A segment may be dropped after it was listed. */
async function openUnlessPruned(
  disk: World["disk"],
  directory: string,
  { path, segment }: { readonly path: string; readonly segment: number },
): Promise<ReadableFile | undefined> {
  const file = await orUndefined(disk.openRead(path));
  if (file) return file;
  const [kept = 0] = await listSegments(disk, directory);
  return kept > segment ? undefined : disk.openRead(path);
}

type SegmentRange = LeafRange & {
  readonly segment: number;
  /** The first entry of the next segment. */
  readonly next: number | undefined;
};

async function* scanSegment(
  { primitives }: Pick<World, "primitives">,
  file: ReadableFile,
  range: SegmentRange,
): AsyncGenerator<LeafPage, void, undefined> {
  const { lo, hi, segment: first, next: behind = Math.max(hi, first + 1) } = range;
  // A writer may be adding lines behind those that are wanted.
  const sizeBytes = await file.size();
  const searched = { first, next: behind, sizeBytes };
  let from = lo === first ? 0 : await locateEntry(file, lo, searched);
  for (let next = lo; next < hi;) {
    const page = new PageSink(primitives, { ...range, lo: next });
    await scanLines(file, { from, to: Math.min(sizeBytes, from + PAGE_BYTES) }, page);
    if (page.hashes.length > 0) yield page;
    if (page.damage !== undefined) throw damaged(page.next, page.damage);
    if (page.endBytes <= from) throw damaged(page.next, "it is missing");
    next = page.next;
    from = page.endBytes;
  }
}

class PageSink implements LineSink, LeafPage {
  readonly first: number;
  readonly hashes: Hash[] = [];
  readonly leaves: Uint8Array[] = [];
  damage: string | undefined;
  /** Behind the last line that was looked at. */
  endBytes = 0;
  readonly #hasher: World["primitives"];
  readonly #range: LeafRange;

  constructor(hasher: World["primitives"], range: LeafRange) {
    this.#hasher = hasher;
    this.#range = range;
    this.first = range.lo;
  }

  get next(): number {
    return this.first + this.hashes.length;
  }

  line(buffer: Uint8Array, start: number, end: number, offsetBytes: number): "stop" | undefined {
    const seq = entrySeq(buffer, start, end);
    if (seq !== undefined) this.damage = this.#take(seq, buffer.subarray(start - 1, end));
    if (this.damage !== undefined) return "stop";
    this.endBytes = offsetBytes + end - start + 1;
    return this.next === this.#range.hi ? "stop" : undefined;
  }

  piece(): undefined {
    return undefined;
  }

  /** `line` has one byte in front of it. Returns what is wrong with it. */
  #take(seq: number, line: Uint8Array): string | undefined {
    if (seq !== this.next) return `entry ${seq} stands in its place`;
    const hash = checkedHash(this.#hasher, line, 1, line.length);
    if (hash === "malformed" || hash === "mismatch") return "its bytes do not match its hash";
    this.hashes.push(hash);
    if (this.#range.withBytes) {
      const leaf = line.slice(1, line.length - HASH_FIELD_BYTES + 1);
      leaf[leaf.length - 1] = CLOSING_BRACE;
      this.leaves.push(leaf);
    }
    return undefined;
  }
}

const CLOSING_BRACE = 0x7d;

function damaged(seq: number, reason: string): SteleError {
  const message = `the journal is damaged at entry ${seq}: ${reason}`;
  return new SteleError("JOURNAL_DAMAGED", message, { seq });
}
