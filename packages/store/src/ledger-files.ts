import { utf8 } from "@stele/core/bytes";
import { formatHeader, segmentName } from "@stele/core/ledger";
import type { Batch, BatchStart } from "./batch.ts";
import { contentPath } from "./content-segment.ts";
import type { DiskStep, WritableFile } from "./disk.ts";
import { replaceFile } from "./files.ts";
import { formatHead } from "./head.ts";
import { CONTENT, join, LEDGER } from "./layout.ts";
import type { OpenLedger } from "./recover.ts";
import { segmentPath } from "./segments.ts";
import type { TileKeeper } from "./tile-keeper.ts";
import type { World } from "./world.ts";

/** What a ledger is written with. */
export interface LedgerSettings {
  readonly directory: string;
  readonly origin: string;
  /** A segment that has reached this size is followed by a new one. */
  readonly segmentBytes: number;
  readonly open: OpenLedger;
  /** Is told of what is sealed on disk. */
  readonly tiles: TileKeeper;
}

/** A file and how much of it is written. */
interface Growing {
  readonly file: WritableFile;
  sizeBytes: number;
}

/** The files that a writer holds open, and the order in which a commit reaches them. */
export class LedgerFiles {
  readonly #world: World;
  readonly #settings: LedgerSettings;
  #segment: number;
  #isEnded: boolean;
  #ledger: Growing;
  #content: Growing | undefined;

  constructor(world: World, settings: LedgerSettings) {
    this.#world = world;
    this.#settings = settings;
    this.#segment = settings.open.segment;
    this.#isEnded = settings.open.end.nextKey !== undefined;
    this.#ledger = { file: settings.open.file, sizeBytes: settings.open.sizeBytes };
  }

  /**
   * Writes a sealed batch: it is on stable storage when this resolves. System calls, one hand-over
   * to the disk:
   *
   *     pwrite, fdatasync   content segment, when there are contents: they come before their entry
   *     pwrite, fdatasync   ledger segment
   *     pwrite              head, without a sync: it may be old after a power cut, never ahead
   *
   * `onWritten`, when given, is called behind the ledger's pwrite, at the price of a second
   * hand-over.
   */
  async write(batch: Batch, sealedSize: number, onWritten?: () => void): Promise<void> {
    const { disk, primitives } = this.#world;
    const start = batch.start!;
    const isFull = this.#ledger.sizeBytes >= this.#settings.segmentBytes;
    if ((isFull || this.#isEnded) && start.first > this.#segment) await this.#rotate(start);
    const { file, sizeBytes } = this.#ledger;
    const bytes = batch.buffer.subarray(1, batch.used);
    const segmentBytes = sizeBytes + bytes.length;
    const head = { size: sealedSize, segment: this.#segment, segmentBytes };
    const write: DiskStep[] = [
      ...(batch.contents.length > 0 ? await this.#contentSteps(batch.contents) : []),
      { kind: "write", file, bytes, offsetBytes: sizeBytes },
    ];
    const sync: DiskStep[] = [
      { kind: "sync", file },
      {
        kind: "write",
        file: this.#settings.open.head,
        bytes: formatHead(primitives, head),
        offsetBytes: 0,
      },
    ];
    if (onWritten) {
      await disk.run(write);
      onWritten();
      await disk.run(sync);
    } else {
      await disk.run([...write, ...sync]);
    }
    this.#ledger.sizeBytes = segmentBytes;
  }

  /** The `first` of the segment that commits go to. */
  get segment(): number {
    return this.#segment;
  }

  /** Lets the next commit begin a new segment, as it must behind the end of a key's epoch. */
  endSegment(): void {
    this.#isEnded = true;
  }

  /**
   * Syncs the head when everything went well, so that a clean stop leaves an exact one, and closes
   * the files.
   */
  async close(clean: boolean): Promise<void> {
    const { head } = this.#settings.open;
    try {
      if (clean) await head.sync();
    } finally {
      await head.close();
      await this.#ledger.file.close();
      await this.#content?.file.close();
    }
  }

  /**
   * Starts a segment. System calls: open, pwrite, fdatasync of `NAME.tmp`; rename; fsync of the
   * directory. So a segment that exists has a whole header, and all before it are complete and
   * synced.
   */
  async #rotate(start: BatchStart): Promise<void> {
    const { disk } = this.#world;
    const { directory, origin } = this.#settings;
    const header = utf8(`${formatHeader({ origin, ...start })}\n`);
    await replaceFile(disk, join(directory, LEDGER), segmentName(start.first), header);
    await this.#ledger.file.close();
    await this.#content?.file.close();
    this.#content = undefined;
    this.#segment = start.first;
    this.#isEnded = false;
    const file = await disk.openWrite(segmentPath(directory, start.first));
    this.#ledger = { file, sizeBytes: header.length };
  }

  async #contentSteps(lines: readonly Uint8Array[]): Promise<DiskStep[]> {
    const content = (this.#content ??= await this.#openContent());
    const steps: DiskStep[] = lines.map((bytes) => {
      const offsetBytes = content.sizeBytes;
      content.sizeBytes += bytes.length;
      return { kind: "write", file: content.file, bytes, offsetBytes };
    });
    return [...steps, { kind: "sync", file: content.file }];
  }

  async #openContent(): Promise<Growing> {
    const { disk } = this.#world;
    const { directory } = this.#settings;
    await disk.makeDirectory(join(directory, CONTENT));
    await disk.syncDirectory(directory);
    const file = await disk.openWrite(contentPath(directory, this.#segment));
    await disk.syncDirectory(join(directory, CONTENT));
    return { file, sizeBytes: await file.size() };
  }
}
