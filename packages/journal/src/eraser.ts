import { contentReferences, isContentName } from "@stele/core/content";
import { SteleError } from "@stele/core/error";
import {
  erasedEvents,
  Erasures,
  isErasedLine,
  readErasure,
  type ErasedRange,
} from "@stele/core/erasure";
import type { EventText } from "@stele/core/event";
import { Holds, selects, type Selection } from "@stele/core/hold";
import type { Entry } from "@stele/core/ledger";
import type { Receipt, World } from "@stele/store";
import {
  contentPath,
  endErasing,
  entryOf,
  eraseFromSegment,
  erasingFrom,
  markErasing,
  parseRawLine,
  scanContentLines,
  type RawLine,
} from "@stele/store/contents";
import { listSegments, orUndefined, type LedgerReader } from "@stele/store/reading";
import {
  addEvent,
  held,
  readHolds,
  releaseEvent,
  requireSelection,
  requireWhy,
  type HoldOptions,
  type ReleaseOptions,
} from "./holds.ts";
import { requireNames } from "./known-names.ts";
import { mayBeAboutHolds, mayNameContents, prefilter } from "./prefilter.ts";
import { Problems } from "./problems.ts";

/** Which contents are erased, and why. Of several selections all must fit. */
export interface EraseOptions extends Selection {
  /** Only contents of these names. */
  readonly names?: readonly string[] | undefined;
  readonly reason: string;
  /** Who asked for it. */
  readonly by?: string | undefined;
  /** Only says what would be erased. */
  readonly dryRun?: boolean | undefined;
}

/** A misspelt one must not make it be about more, or be meant in earnest. */
const OPTIONS = [
  "seqs",
  "session",
  "agent",
  "subject",
  "names",
  "reason",
  "by",
  "dryRun",
] as const satisfies readonly (keyof EraseOptions)[];

/** What was erased, or would be. */
export interface Erased {
  /** How many contents, and of how many entries. */
  readonly contents: number;
  readonly entries: number;
  /** How many bytes they had. */
  readonly bytes: number;
  readonly ranges: readonly ErasedRange[];
  /** The `stele.erased` entries that say so; none after a dry run, or when there was nothing. */
  readonly seqs: readonly number[];
}

/** What an eraser needs of an open journal. */
interface ErasableJournal {
  readonly writer: {
    readonly sealedSize: number;
    endSegmentOf(seq: number): void;
    append(event: EventText): Promise<Receipt>;
  };
  readonly ledger: LedgerReader;
  readonly onProblem: ((problem: SteleError) => void) | undefined;
}

/** An entry with contents that is to be erased from. */
interface Target {
  readonly entry: Pick<Entry, "seq" | "event">;
  /** Whether an entry with contents that is not to be erased from stands between it and the last. */
  isApart: boolean;
  /** The sizes of the wanted contents that lie there, by name. */
  readonly there: Map<string, number>;
}

/** Erases contents and keeps holds, one after the other. */
export class Eraser {
  readonly #world: World;
  readonly #directory: string;
  readonly #journal: ErasableJournal;
  readonly #problems: Problems;
  #last: Promise<unknown> = Promise.resolve();
  /** From here on `stele.erased` entries may not be carried out. */
  #openFrom: number | undefined;

  constructor(world: World, directory: string, journal: ErasableJournal) {
    this.#world = world;
    this.#directory = directory;
    this.#journal = journal;
    this.#problems = new Problems(journal.onProblem);
  }

  /** Why an erasure could not be finished. */
  get problem(): SteleError | undefined {
    return this.#problems.all[0];
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /**
   * Carries out what is recorded and was interrupted. Contents that are damaged, or cannot be read
   * or written, stay, as a problem: they must not keep a recorder from recording. Costs one small
   * read when there is nothing.
   */
  async finish(): Promise<void> {
    this.#openFrom = await erasingFrom(this.#world.disk, this.#directory);
    if (this.#openFrom === undefined) return;
    try {
      await this.#carryOut(this.#openFrom);
    } catch (error) {
      if (!(error instanceof SteleError) || !/^(JOURNAL_DAMAGED|DISK_)/.test(error.code))
        throw error;
      this.#problems.begin("erasing", error);
    }
  }

  erase(options: EraseOptions): Promise<Erased> {
    return this.inTurn(() => this.#erase(options));
  }

  hold(options: HoldOptions): Promise<Receipt> {
    return this.inTurn(async () => {
      return this.#journal.writer.append(addEvent(await this.#holds(), options));
    });
  }

  release(name: string, options: ReleaseOptions): Promise<Receipt> {
    return this.inTurn(async () => {
      return this.#journal.writer.append(releaseEvent(await this.#holds(), name, options));
    });
  }

  /** Does something that must not run beside an erasure, or while a hold is being made. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const acting = this.#last.then(act);
    this.#last = acting.catch(() => undefined);
    return acting;
  }

  async #erase(options: EraseOptions): Promise<Erased> {
    requireNames("an erasure has no option", options, OPTIONS);
    requireWhy(options);
    requireSelection(options);
    requireContentNames(options.names);
    const size = this.#journal.writer.sealedSize;
    requireSealed(options.seqs, size);
    const targets = await this.#select(options, size);
    const erased = summary(targets);
    const lastSeq = erased.ranges.at(-1)?.to;
    if (lastSeq === undefined || options.dryRun === true) return erased;
    const { writer } = this.#journal;
    // Durable before the entry: from then on a crash cannot leave the entry without its deed.
    const from = Math.min(this.#openFrom ?? size, size);
    await markErasing(this.#world.disk, this.#directory, from);
    this.#openFrom = from;
    writer.endSegmentOf(lastSeq);
    const { reason, by } = options;
    const events = erasedEvents({ contents: erased.ranges, reason, by });
    const receipts = await Promise.all(events.map((event) => writer.append(event)));
    const seqs = receipts.map(({ seq }) => seq);
    try {
      await this.#carryOut(from);
    } catch (error) {
      throw notCarriedOut(seqs, error);
    }
    return { ...erased, seqs };
  }

  /** What the selection finds and lies there. Throws HELD. */
  async #select(options: EraseOptions, size: number): Promise<readonly Target[]> {
    const holds = new Holds();
    const targets: Target[] = [];
    const others = new OtherContents();
    const maySelect = prefilter(options);
    const mayBeWanted = (line: Buffer, seq: number): boolean => {
      const mayBe = maySelect(line, seq);
      if (!mayBe && mayNameContents(line)) others.note(seq);
      return mayBe || mayBeAboutHolds(line);
    };
    for await (const { entry } of this.#journal.ledger.search({ to: size - 1 }, mayBeWanted)) {
      holds.note(entry);
      const hasContents = contentReferences(entry.event).size > 0;
      if (!selects(options, entry)) {
        if (hasContents) others.note(entry.seq);
      } else if (hasContents) targets.push(targetOf(entry));
    }
    others.setApart(targets);
    await this.#look(targets, options.names);
    for (const { entry, there } of targets) {
      const hold = there.size > 0 ? holds.over(entry) : undefined;
      if (hold) throw held(entry.seq, hold);
    }
    return targets;
  }

  /** Notes which of the targets' contents lie there. */
  async #look(targets: readonly Target[], names: readonly string[] | undefined): Promise<void> {
    const bySeq = new Map(targets.map((target) => [target.entry.seq, target]));
    const { disk } = this.#world;
    for (const { first, next } of await this.#segments()) {
      if (!targets.some(({ entry: { seq } }) => seq >= first && seq < next)) continue;
      const file = await orUndefined(disk.openRead(contentPath(this.#directory, first)));
      if (!file) continue;
      try {
        for await (const batch of scanContentLines(file)) {
          for (const raw of batch) noteContents(raw, bySeq, names);
        }
      } finally {
        await file.close();
      }
    }
  }

  /** Rewrites what the `stele.erased` entries from this one on cover. */
  async #carryOut(from: number): Promise<void> {
    const { disk } = this.#world;
    const erasures = new Erasures();
    // What was pruned meanwhile went with the contents that it is about.
    const start = Math.max(from, await this.#journal.ledger.first());
    for await (const { entry, line } of this.#journal.ledger.read({ from: start })) {
      const erasure = isErasedLine(line) ? readErasure(entry.seq, entry.event) : undefined;
      if (erasure) erasures.add(entry.seq, erasure);
    }
    for (const { first, next } of await this.#segments()) {
      if (!erasures.touches(first, next)) continue;
      await eraseFromSegment(disk, this.#directory, first, erasures);
    }
    await endErasing(disk, this.#directory);
    this.#openFrom = undefined;
    this.#problems.end("erasing");
  }

  async #segments(): Promise<readonly { readonly first: number; readonly next: number }[]> {
    const segments = await listSegments(this.#world.disk, this.#directory);
    return segments.map((first, index) => ({ first, next: segments[index + 1] ?? Infinity }));
  }

  #holds(): Promise<Holds> {
    return readHolds(this.#journal.ledger);
  }
}

/** Throws SEQ_OUT_OF_RANGE where all entries that are meant are still to come. */
function requireSealed(seqs: Selection["seqs"], size: number): void {
  if (seqs === undefined || seqs.from < size) return;
  const message = `there is no entry ${seqs.from}: the journal has ${size} sealed entries`;
  throw new SteleError("SEQ_OUT_OF_RANGE", message, { seq: seqs.from });
}

/** Where the entries with contents are that are not selected. */
class OtherContents {
  readonly #seqs: number[] = [];

  note(seq: number): void {
    this.#seqs.push(seq);
  }

  /** Says of each target whether one of them lies between it and the one before. */
  setApart(targets: readonly Target[]): void {
    const seqs = this.#seqs.toSorted((left, right) => left - right);
    let next = 0;
    for (const target of targets) {
      const before = next;
      while (seqs[next] !== undefined && seqs[next]! < target.entry.seq) next++;
      target.isApart = next > before;
    }
  }
}

/** Of entries that are wanted only: others are not read. */
function noteContents(
  raw: RawLine,
  bySeq: ReadonlyMap<number, Target>,
  names: readonly string[] | undefined,
): void {
  const seq = entryOf(raw);
  const target = seq === undefined ? undefined : bySeq.get(seq);
  if (!target) return;
  for (const [name, { bytes }] of parseRawLine(raw).contents) {
    if (names?.includes(name) ?? true) target.there.set(name, bytes.length);
  }
}

function targetOf(entry: Entry): Target {
  return { entry: withoutData(entry), isApart: false, there: new Map() };
}

function withoutData({ seq, event }: Entry): Target["entry"] {
  const { type, session, agent } = event;
  const subject = event["subject"];
  return { seq, event: { type, session, agent, subject } as Entry["event"] };
}

function summary(targets: readonly Target[]): Erased {
  const ranges: ErasedRange[] = [];
  let contents = 0;
  let entries = 0;
  let bytes = 0;
  let last = "";
  for (const { entry, isApart, there } of targets) {
    const names = [...there.keys()].toSorted();
    const text = names.join(" ");
    if (names.length > 0) {
      const { seq } = entry;
      const range = text === last && !isApart ? ranges.pop()! : { from: seq, names };
      ranges.push({ from: range.from, to: seq, names });
      entries++;
    }
    contents += names.length;
    bytes += [...there.values()].reduce((sum, size) => sum + size, 0);
    last = text;
  }
  return { contents, entries, bytes, ranges, seqs: [] };
}

function requireContentNames(untrusted: readonly string[] | undefined): void {
  if (untrusted === undefined) return;
  if (!Array.isArray(untrusted)) throw new SteleError("OPTION_INVALID", "names must be a list");
  const bad: unknown = untrusted.find((name: string) => !isContentName(name));
  if (bad === undefined) return;
  throw new SteleError("OPTION_INVALID", `${JSON.stringify(bad)} cannot name a content`);
}

function notCarriedOut(seqs: readonly number[], cause: unknown): SteleError {
  const { code, message, path } =
    cause instanceof SteleError ? cause : new SteleError("DISK_IO", String(cause));
  const what = `the erasure is recorded in entry ${seqs[0]}, but was not carried out`;
  const fix = "mend the cause; the next opening, or the next erasure, carries it out";
  return new SteleError(code, `${what}: ${message}`, { fix, cause, ...(path && { path }) });
}
