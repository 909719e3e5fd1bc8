import assert from "node:assert/strict";
import { SteleError, type Entry, type Journal, type ReadRange, type Verdict } from "@stele/journal";
import { segmentsOf, type Segment } from "./ledger-lines.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { newMemoryJournal, openInMemory } from "./memory-journal.ts";

/** What became of opening a damaged journal for writing. */
export type Opening =
  | { readonly journal: Journal; readonly disk: MemoryDisk }
  | { readonly refusal: SteleError; readonly disk: MemoryDisk };

/**
 * A small journal to be damaged over and over: several segments, commits of one and two entries,
 * contents. Files are replaced for one check at a time, so every check starts from the intact
 * journal.
 */
export class Specimen {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly segments: readonly Segment[];
  readonly entries: readonly Entry[];
  readonly #disk: MemoryDisk;
  /**
   * What it knows from its opening does not matter: `verify` and `read` look at the disk anew each
   * time.
   */
  readonly #journal: Journal;

  private constructor(disk: MemoryDisk, journal: Journal, entries: readonly Entry[]) {
    this.files = new Map(disk.files);
    this.segments = segmentsOf(disk);
    this.entries = entries;
    this.#disk = disk;
    this.#journal = journal;
  }

  static async make(): Promise<Specimen> {
    const disk = await newMemoryJournal({ segmentBytes: 1024 });
    const journal = await openInMemory(disk);
    const note = (data?: unknown): Promise<unknown> => journal.append({ type: "note", data });
    await journal.append({ type: "note", data: 1 }, { content: { text: "some text" } });
    await Promise.all([note("é"), note()]);
    await note({ four: 4 });
    await journal.append({ type: "note" }, { content: { bytes: Uint8Array.of(0, 255) } });
    await Promise.all([note([6]), note(7)]);
    await journal.append({ type: "note" }, { content: { text: "last" } });
    assert.equal(segmentsOf(disk).length, 3, "rotation was hit");
    return new Specimen(disk, journal, await Array.fromAsync(journal.read()));
  }

  get lastSegment(): Segment {
    return this.segments.at(-1)!;
  }

  /** What `verify` says of the journal with these files replaced; a file without bytes is missing. */
  async verify(changes: Changes): Promise<Verdict> {
    return this.#with(changes, async () => this.#journal.verify({ threads: 1 }));
  }

  /** What can be read with these files replaced, and the error that ended it. */
  async read(
    changes: Changes,
    range: ReadRange = {},
  ): Promise<{ entries: readonly Entry[]; error: unknown }> {
    const entries: Entry[] = [];
    return this.#with(changes, async () => {
      try {
        for await (const entry of this.#journal.read(range)) entries.push(entry);
        return { entries, error: undefined };
      } catch (error) {
        return { entries, error };
      }
    });
  }

  /** A content of the journal with these files replaced. */
  async content(changes: Changes, seq: number, name: string): Promise<Uint8Array | undefined> {
    return this.#with(changes, async () => this.#journal.content(seq, name));
  }

  /** Opens a copy with these files replaced for writing. Errors without a code reject. */
  async open(changes: Changes): Promise<Opening> {
    const disk = new MemoryDisk(this.changed(changes));
    try {
      return { journal: await openInMemory(disk), disk };
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      return { refusal: error, disk };
    }
  }

  /** The files of the journal with some replaced. */
  changed(changes: Changes): ReadonlyMap<string, Uint8Array> {
    const files = new Map(this.files);
    replace(files, changes);
    return files;
  }

  async #with<T>(changes: Changes, act: () => Promise<T>): Promise<T> {
    replace(this.#disk.files, changes);
    try {
      return await act();
    } finally {
      for (const path of Object.keys(changes))
        replace(this.#disk.files, { [path]: this.files.get(path) });
    }
  }
}

/** New bytes by path; undefined removes the file. */
export type Changes = Readonly<Record<string, Uint8Array | undefined>>;

function replace(files: Map<string, Uint8Array>, changes: Changes): void {
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes === undefined) files.delete(path);
    else files.set(path, bytes);
  }
}
