import { SteleError } from "@stele/core/error";
import type { Entry } from "@stele/core/ledger";
import type { EntryLine, PlacedLine } from "./entry-line.ts";
import { backward, forward, type Page, type SealedSegment, type SeqRange } from "./entry-pages.ts";
import { searchSegment, type MayBeWanted, type SearchPlace } from "./entry-search.ts";
import { epochOfSegment, readKeyHistory } from "./epochs.ts";
import { readHead, type Head } from "./head.ts";
import type { Manifest } from "./manifest.ts";
import { orUndefined } from "./files.ts";
import { findPrunedRecord, prunedError } from "./pruned-record.ts";
import { checkFile } from "./recover.ts";
import { readPlaces, type EntryPlace } from "./placed-lines.ts";
import { findSegment, listSegments, segmentPath } from "./segments.ts";
import type { World } from "./world.ts";

/** Which entries, by `seq`; both ends are included. */
export interface ReadRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Newest first. */
  readonly reverse?: boolean | undefined;
}

/** How often a follower looks for new entries. */
const FOLLOW_INTERVAL_MS = 20;
/** How often a torn head is read again: the writer may be just rewriting it. */
const HEAD_ATTEMPTS = 3;

/**
 * Reads sealed entries, without a lock, beside a writer in this or another process. Each entry's
 * bytes are checked against its hash and its link to the entry read before it; seals are for
 * `verify`. Memory: one page, about 1 MiB.
 */
export class LedgerReader {
  readonly #world: World;
  readonly #directory: string;
  readonly #manifest: Manifest;
  /** The first entry that is kept, where an entry says so. */
  #cut: number | undefined;

  constructor(world: World, directory: string, manifest: Manifest) {
    this.#world = world;
    this.#directory = directory;
    this.#manifest = manifest;
  }

  /**
   * How far the ledger is sealed and on disk. One small read; a pass over the last segment when
   * there is no head.
   */
  async durable(): Promise<Head> {
    for (let attempt = 0; attempt < HEAD_ATTEMPTS; attempt++) {
      const head = await readHead(this.#world, this.#directory);
      if (head === "missing") break;
      if (head !== "torn") return head;
      await this.#world.clock.turn();
    }
    return this.#lastSeal();
  }

  /** The `seq` of the first entry that was not pruned: 0 when none was. */
  async first(): Promise<number> {
    const [first] = await listSegments(this.#world.disk, this.#directory);
    const { maxEntries } = this.#manifest;
    const oldest = maxEntries === undefined ? 0 : (await this.durable()).size - maxEntries;
    return Math.max(first ?? 0, oldest);
  }

  /**
   * The entries of the range that are sealed now; without `from`, or from 0 on, those that were not
   * pruned. Throws JOURNAL_DAMAGED at the first one that is not intact, SEQ_PRUNED when one was
   * asked for by its number, or by a range, that was pruned.
   */
  async *read(range: ReadRange = {}): AsyncGenerator<EntryLine, void, undefined> {
    for await (const page of this.readPages(range)) yield* page;
  }

  /** As `read`, a page at a time, with the places of the lines: for whoever reads very many. */
  async *readPages(range: ReadRange = {}): AsyncGenerator<readonly PlacedLine[], void, undefined> {
    requirePlaces(range);
    const head = await this.durable();
    const hi = Math.min(range.to ?? Number.MAX_SAFE_INTEGER, head.size - 1);
    const from = Math.max(0, range.from ?? 0);
    if (from > hi) return;
    const all = await listSegments(this.#world.disk, this.#directory);
    const { maxEntries = Infinity } = this.#manifest;
    const lo = await this.#begin(Math.max(all[0] ?? 0, head.size - maxEntries), { from, hi });
    const step = range.reverse ? -1 : 1;
    let seq = range.reverse ? hi : lo;
    let last: Entry | undefined;
    for await (const { entries, damage } of this.#pages({ lo, hi }, step, { head, all })) {
      const intact: PlacedLine[] = [];
      const wrong = follows(entries, { seq, step, last }, intact) ?? damage;
      if (intact.length > 0) yield intact;
      last = intact.at(-1)?.entry ?? last;
      seq += step * intact.length;
      if (wrong !== undefined) throw damaged(seq, wrong);
    }
    if (seq !== (range.reverse ? lo - 1 : hi + 1)) throw damaged(seq, "it is missing");
  }

  /**
   * As `read`, ascending, and only those that may be wanted, all the others checked just the same:
   * three times as fast, where few are. Memory: what is found in a segment.
   */
  async *search(
    range: Omit<ReadRange, "reverse">,
    mayBeWanted: MayBeWanted,
  ): AsyncGenerator<EntryLine, void, undefined> {
    requirePlaces(range);
    const head = await this.durable();
    const hi = Math.min(range.to ?? Number.MAX_SAFE_INTEGER, head.size - 1);
    const from = Math.max(0, range.from ?? 0);
    if (from > hi) return;
    const all = await listSegments(this.#world.disk, this.#directory);
    const { maxEntries = Infinity } = this.#manifest;
    const lo = await this.#begin(Math.max(all[0] ?? 0, head.size - maxEntries), { from, hi });
    let at: SearchPlace = { seq: lo, last: undefined };
    for await (const sealed of this.#segments({ lo, hi }, 1, { head, all })) {
      const { entries, end, damage } = await searchSegment(sealed, { lo, hi }, at, mayBeWanted);
      yield* entries;
      if (damage !== undefined) throw damaged(end.seq, damage);
      at = end;
    }
    if (at.seq !== hi + 1) throw damaged(at.seq, "it is missing");
  }

  /**
   * The entries of these numbers whose lines lie at these places, in their order, each checked
   * against its hash; undefined where the place does not hold that entry. Lines that lie near each
   * other are read at once.
   */
  async readAt(places: readonly EntryPlace[]): Promise<readonly (EntryLine | undefined)[]> {
    const { disk, primitives } = this.#world;
    const all = await listSegments(disk, this.#directory);
    const found = new Map<number, EntryLine>();
    const reading = [...Map.groupBy(places, ({ seq }) => findSegment(all, seq))].map(
      async ([segment, some]) => {
        if (segment === undefined) return;
        const file = await orUndefined(disk.openRead(segmentPath(this.#directory, segment)));
        try {
          if (!file) return;
          for (const [seq, line] of await readPlaces(file, primitives, some)) found.set(seq, line);
        } finally {
          await file?.close();
        }
      },
    );
    await Promise.all(reading);
    return places.map(({ seq }) => found.get(seq));
  }

  /** The entries from `from` on, then each new one once it is sealed, until the signal aborts. */
  async *follow(
    from = 0,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<EntryLine, void, undefined> {
    const { signal } = options;
    requirePlaces({ from });
    let next = from;
    while (!signal?.aborted) {
      for await (const found of this.read({ from: next })) {
        yield found;
        next = found.entry.seq + 1;
        if (signal?.aborted) return;
      }
      await this.#world.clock.delay(FOLLOW_INTERVAL_MS, signal).catch((error: unknown) => {
        if (!signal?.aborted) throw error;
      });
    }
  }

  /** One entry. Throws SEQ_OUT_OF_RANGE. A few small reads whatever the journal's size. */
  async get(seq: number): Promise<EntryLine> {
    const range = Number.isSafeInteger(seq) ? { from: seq, to: seq } : { to: -1 };
    for await (const found of this.read(range)) return found;
    const { size } = await this.durable();
    const message = `there is no entry ${seq}: the journal has ${size} sealed entries`;
    throw new SteleError("SEQ_OUT_OF_RANGE", message, { seq });
  }

  /** The wanted entries, a page at a time, in the order of reading. */
  async *#pages(
    seqs: SeqRange,
    step: 1 | -1,
    known: { readonly head: Head; readonly all: readonly number[] },
  ): AsyncGenerator<Page, void, undefined> {
    for await (const sealed of this.#segments(seqs, step, known)) {
      yield* step === 1 ? forward(sealed, seqs) : backward(sealed, seqs);
    }
  }

  /** The segments with the wanted entries, each open until the next one is asked for. */
  async *#segments(
    seqs: SeqRange,
    step: 1 | -1,
    { head, all }: { readonly head: Head; readonly all: readonly number[] },
  ): AsyncGenerator<SealedSegment, void, undefined> {
    const first = findSegment(all, seqs.lo);
    if (first === undefined) throw await this.#gone(seqs.lo, all[0]);
    const wanted = all.filter((segment) => segment >= first && segment <= seqs.hi);
    for (const segment of step === 1 ? wanted : wanted.toReversed()) {
      const path = segmentPath(this.#directory, segment);
      const file = await orUndefined(this.#world.disk.openRead(path));
      if (!file) throw await this.#gone(Math.max(seqs.lo, segment), await this.first());
      try {
        // A writer may have gone on, and to other segments, since the head was read.
        const isLast = segment === head.segment;
        const sizeBytes = isLast ? head.segmentBytes : await file.size();
        const next = isLast ? head.size : all[all.indexOf(segment) + 1]!;
        const hasher = this.#world.primitives;
        yield { file, hasher, first: segment, next, sizeBytes };
      } finally {
        await file.close();
      }
    }
  }

  /** Where to begin, so that nothing that was asked for by its number is left out in silence. */
  async #begin(
    first: number,
    { from, hi }: { readonly from: number; readonly hi: number },
  ): Promise<number> {
    if (from >= first) return from;
    // Of what is asked for from the beginning something must be left.
    if (from > 0 || first > hi) throw await this.#gone(from, first);
    if (this.#cut === first || this.#manifest.maxEntries !== undefined) return first;
    const record = await findPrunedRecord(this.#world, this.#directory, first);
    if (!record) throw damaged(0, "its segment is missing");
    this.#cut = first;
    return first;
  }

  /** Why an entry's segment is not there. */
  async #gone(seq: number, first: number | undefined): Promise<SteleError> {
    if (this.#manifest.maxEntries !== undefined && seq < (first ?? 0)) return evicted(seq);
    const record =
      first === undefined || first <= seq
        ? undefined
        : await findPrunedRecord(this.#world, this.#directory, first);
    return record ? prunedError(seq, record) : damaged(seq, "its segment is missing");
  }

  /** For a journal without a head: what the last segment's seals say. */
  async #lastSeal(): Promise<Head> {
    const { disk, primitives } = this.#world;
    const segment = (await listSegments(disk, this.#directory)).at(-1);
    if (segment === undefined) throw damaged(0, "there is no segment in the ledger");
    const { origin, key: firstKey } = this.#manifest;
    if (firstKey.type === "hmac-sha256" && !firstKey.secret) {
      const message = "without its head the journal can be read only by who has its secret";
      throw new SteleError("KEY_MISSING", message);
    }
    const history = await readKeyHistory(this.#world, this.#directory, firstKey);
    const keys = { ...history, key: epochOfSegment(history, segment).key };
    const path = segmentPath(this.#directory, segment);
    const { end } = await checkFile(disk, path, { primitives, origin, keys, first: segment });
    return { size: end.sealedSize, segment, segmentBytes: end.sealedBytes };
  }
}

/** Collects the entries as far as they follow each other; returns why the next one does not. */
function follows(
  entries: readonly PlacedLine[],
  from: { readonly seq: number; readonly step: 1 | -1; readonly last: Entry | undefined },
  intact: PlacedLine[],
): string | undefined {
  let { seq, last } = from;
  for (const found of entries) {
    const { entry } = found;
    if (entry.seq !== seq) return `entry ${entry.seq} stands in its place`;
    if (last && !linked(last, entry)) return "it is not linked to its neighbour";
    intact.push(found);
    last = entry;
    seq += from.step;
  }
  return undefined;
}

/** A bad bound must not look like damage. */
function requirePlaces({ from, to }: ReadRange): void {
  for (const bound of [from, to]) {
    if (bound === undefined || Number.isInteger(bound) || bound === Infinity) continue;
    throw new SteleError("OPTION_INVALID", `a range of entries cannot end at ${bound}`);
  }
}

function linked(before: Entry, after: Entry): boolean {
  return before.seq < after.seq ? after.prev === before.hash : before.prev === after.hash;
}

function evicted(seq: number): SteleError {
  const message = `entry ${seq} was evicted: the journal keeps so many of the newest ones`;
  return new SteleError("SEQ_PRUNED", message, { seq });
}

function damaged(seq: number, reason: string): SteleError {
  const message = `the journal is damaged at entry ${seq}: ${reason}`;
  return new SteleError("JOURNAL_DAMAGED", message, { seq });
}
