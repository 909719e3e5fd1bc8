import { commit, contentReferences, type ContentLine } from "@stele/core/content";
import { SteleError } from "@stele/core/error";
import type { Entry } from "@stele/core/ledger";
import type { World } from "@stele/store";
import { contentPath, parseRawLine, scanContentLines, type RawLine } from "@stele/store/contents";
import { findSegment, listSegments, orUndefined } from "@stele/store/reading";

/** Reads one content alone, as `JournalReader.content` does. */
export type ReadAlone = (seq: number, name: string) => Promise<Uint8Array | undefined>;

/**
 * Reads the contents of many entries, in the order of the entries: each content file is passed over
 * once, where reading one content alone looks for its place each time. Made by a `JournalReader`;
 * to be closed. Memory: a mebibyte, or twice the longest content.
 */
export class ContentCursor implements AsyncDisposable {
  readonly #world: World;
  readonly #directory: string;
  readonly #readAlone: ReadAlone;
  #segments: readonly number[] = [];
  #segment: number | undefined;
  #lines = new Lines(none());

  constructor(world: World, directory: string, readAlone: ReadAlone) {
    this.#world = world;
    this.#directory = directory;
    this.#readAlone = readAlone;
  }

  /** As `JournalReader.content`, of an entry that was read from the same journal. */
  async read({ seq, event }: Entry, name: string): Promise<Uint8Array | undefined> {
    const reference = contentReferences(event).get(name);
    if (!reference) return undefined;
    const stored = (await this.#lineOf(seq))?.contents.get(name);
    const { primitives } = this.#world;
    if (stored && commit(primitives, name, stored) === reference.commitment) return stored.bytes;
    // Out of order, erased or damaged, which it is told in the same words.
    return this.#readAlone(seq, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines.close();
  }

  async #lineOf(seq: number): Promise<ContentLine | undefined> {
    const segment = await this.#segmentOf(seq);
    if (segment !== this.#segment) {
      await this.#lines.close();
      this.#lines = new Lines(this.#scan(segment));
      this.#segment = segment;
    }
    return this.#lines.find(seq);
  }

  /** The list is read again where it may have grown. */
  async #segmentOf(seq: number): Promise<number | undefined> {
    const known = findSegment(this.#segments, seq);
    if (known !== undefined && known !== this.#segments.at(-1)) return known;
    this.#segments = await listSegments(this.#world.disk, this.#directory);
    return findSegment(this.#segments, seq);
  }

  async *#scan(segment: number | undefined): AsyncGenerator<readonly RawLine[], void, undefined> {
    if (segment === undefined) return;
    const path = contentPath(this.#directory, segment);
    const file = await orUndefined(this.#world.disk.openRead(path));
    if (!file) return;
    try {
      yield* scanContentLines(file);
    } finally {
      await file.close();
    }
  }
}

/** Goes through the lines of a file once. */
class Lines {
  readonly #batches: AsyncGenerator<readonly RawLine[], void, undefined>;
  #batch: readonly RawLine[] = [];
  #at = 0;

  constructor(batches: AsyncGenerator<readonly RawLine[], void, undefined>) {
    this.#batches = batches;
  }

  /** The line of an entry behind those that were asked for; undefined when none can be read. */
  async find(seq: number): Promise<ContentLine | undefined> {
    try {
      return await this.#find(seq);
    } catch (error) {
      if (error instanceof SteleError && error.code === "JOURNAL_DAMAGED") return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#batches.return();
  }

  async #find(seq: number): Promise<ContentLine | undefined> {
    for (;;) {
      for (; this.#at < this.#batch.length; this.#at++) {
        const line = this.#batch[this.#at]!;
        if (line.seq === seq) return parseRawLine(line);
        if (line.seq !== undefined && line.seq > seq) return undefined;
      }
      const { value, done } = await this.#batches.next();
      if (done === true) return undefined;
      this.#batch = value;
      this.#at = 0;
    }
  }
}

async function* none(): AsyncGenerator<readonly RawLine[], void, undefined> {}
