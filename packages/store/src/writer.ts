import { formatCheckpoint } from "@stele/core/checkpoint";
import { utf8 } from "@stele/core/bytes";
import { formatContentLine, type StoredContent } from "@stele/core/content";
import { SteleError } from "@stele/core/error";
import type { EventText } from "@stele/core/event";
import type { Signer } from "@stele/core/key";
import { keyChangeEvent, type KeyChangeReason } from "@stele/core/key-event";
import { formatSeal, formatSealedNote } from "@stele/core/ledger";
import { Appender } from "./appender.ts";
import { Batch, type Ack, type Append, type Place, type Receipt } from "./batch.ts";
import { prepareContents, type ContentInput, type Prepared } from "./content-input.ts";
import { LedgerFiles, type LedgerSettings } from "./ledger-files.ts";
import type { TileKeeper } from "./tile-keeper.ts";
import type { World } from "./world.ts";

/** How an event is appended. */
export interface WriteOptions {
  readonly content?: Readonly<Record<string, ContentInput>> | undefined;
  /** Instead: contents that the event commits to already, as who signed it made them. */
  readonly committed?: ReadonlyMap<string, StoredContent> | undefined;
  /** Default `synced`. */
  readonly ack?: Ack | undefined;
}

const ACKS: readonly Ack[] = ["queued", "written", "synced"];

/**
 * A batch of this size is worth a commit of its own, without waiting for what else is ready to
 * append: so that the disk writes one half of many appends while the other half is being placed.
 */
const EAGER_BYTES = 64 * 1024;

/**
 * The one writer of a ledger: group commit. Appends that arrive while a commit is on its way to
 * the disk are placed in the next batch; one write, one fdatasync and one seal serve all of a
 * batch. The first failure ends the writer for good, because the page cache can no longer be
 * trusted: what is pending rejects with the cause, outcome unknown.
 */
export class Writer {
  readonly #world: World;
  #signer: Signer;
  readonly #files: LedgerFiles;
  readonly #tiles: TileKeeper;
  readonly #appender: Appender;
  /** Takes new entries. The other batch is on its way to the disk, or spare. */
  #open: Batch = new Batch();
  #spare: Batch | undefined = new Batch();
  /** Appends that found the open batch full, in order. */
  #waiting: Append[] = [];
  /** The turn after which the open batch is committed; set only while no commit is under way. */
  #gathering: Promise<void> | undefined;
  #committing: Promise<void> | undefined;
  #failure: SteleError | undefined;
  #lost: SteleError | undefined;
  #sealedSize: number;
  #newestSeal: (() => string) | undefined;
  /** Called after each commit. Must not throw. */
  onSealed: () => void = () => {};
  /** Called as soon as an event, as it was given to `append`, has its place. Must not throw. */
  onPlaced: (event: EventText, place: Place) => void = () => {};

  constructor(world: World, signer: Signer, settings: LedgerSettings) {
    this.#world = world;
    this.#signer = signer;
    this.#files = new LedgerFiles(world, settings);
    this.#tiles = settings.tiles;
    this.#appender = new Appender(world, settings.open.end);
    this.#sealedSize = settings.open.end.sealedSize;
  }

  /** Entries that are sealed and on disk. */
  get sealedSize(): number {
    return this.#sealedSize;
  }

  /**
   * The signed note of this writer's newest seal, of `sealedSize` entries; undefined before its
   * first commit.
   */
  get newestSeal(): string | undefined {
    return this.#newestSeal?.();
  }

  /** Entries that were given a place: the next one's `seq`. */
  get placedSize(): number {
    return this.#appender.size;
  }

  /**
   * Places the event at once, or, when a batch is full, as soon as there is room. Resolves when
   * the entry is acknowledged as asked: for `synced`, MUST NOT be before its seal is on stable
   * storage.
   */
  append(event: EventText, options: WriteOptions = {}): Promise<Receipt> {
    return this.#append(event, options);
  }

  /**
   * Ends the key's epoch: an entry that names the next key is sealed by the present signer, as the
   * last entry of its segment. What is appended from now on is sealed by the next one. Resolves
   * when the entry is on stable storage; from then on the present signer is not used again.
   */
  changeSigner(next: Signer, reason: KeyChangeReason): Promise<Receipt> {
    return this.#append(keyChangeEvent({ next: next.key, reason }), {}, next);
  }

  /**
   * Lets the commits of all appends from now on go to a later segment than the sealed entry's, so
   * that nothing holds its contents open once one of them is acknowledged.
   */
  endSegmentOf(seq: number): void {
    if (seq >= this.#files.segment) this.#files.endSegment();
  }

  #append(event: EventText, options: WriteOptions, nextSigner?: Signer): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const { ack = "synced" } = options;
      if (!ACKS.includes(ack)) throw noSuchAck(ack);
      const prepared = prepare(this.#world, event, options);
      const { contents, contentBytes } = prepared;
      const append: Append = {
        source: event,
        event: prepared.event,
        contents,
        contentBytes,
        ack,
        resolve,
        reject,
        place: undefined,
        ...(nextSigner && { nextSigner }),
      };
      if (this.#waiting.length === 0 && this.#open.hasRoom(append)) this.#place(append);
      else this.#waiting.push(append);
    });
  }

  /** Throws WRITER_FAILED or JOURNAL_CLOSED when nothing can be appended any more. */
  requireOpen(): void {
    if (this.#failure) throw ended(this.#failure);
  }

  /** Whether a commit has failed. */
  get failed(): boolean {
    return this.#failure !== undefined && this.#failure.code !== "JOURNAL_CLOSED";
  }

  /** Why entries are missing whose receipts said `queued`; undefined when none are. */
  get lost(): SteleError | undefined {
    return this.#lost;
  }

  /** Resolves when everything placed so far is sealed and on disk, or has failed. Never rejects. */
  async settled(): Promise<void> {
    const size = this.#appender.size;
    while (this.#sealedSize < size && !this.#failure) await this.#pending();
  }

  /** Waits for what is pending, syncs the durable mark and closes the files. */
  async close(): Promise<void> {
    for (let pending = this.#pending(); pending; pending = this.#pending()) await pending;
    const clean = this.#failure === undefined;
    this.#failure ??= new SteleError("JOURNAL_CLOSED", "the journal is closed");
    await this.#files.close(clean);
  }

  #pending(): Promise<void> | undefined {
    return this.#committing ?? this.#gathering;
  }

  #place(append: Append): void {
    if (this.#failure) return append.reject(ended(this.#failure));
    const batch = this.#open;
    try {
      append.place = this.#appender.place(batch, append.event);
    } catch (error) {
      return append.reject(error);
    }
    const { place, contents, ack } = append;
    if (contents) batch.addContents(utf8(formatContentLine(place.seq, contents)));
    batch.appends.push(append);
    batch.nextSigner = append.nextSigner;
    this.onPlaced(append.source, place);
    if (ack === "queued") append.resolve({ ...place, sealedSize: null });
    if (this.#committing) return;
    if (batch.used >= EAGER_BYTES) this.#start();
    else this.#gathering ??= this.#gather();
  }

  /** Commits after everything that is ready to append now has been placed. */
  async #gather(): Promise<void> {
    await this.#world.clock.turn();
    this.#gathering = undefined;
    if (!this.#committing && this.#open.appends.length > 0) this.#start();
  }

  #start(): void {
    const batch = this.#open;
    this.#open = this.#spare!;
    this.#spare = undefined;
    this.#committing = this.#commit(batch);
  }

  async #commit(batch: Batch): Promise<void> {
    const { appends, rows } = batch;
    const size = this.#appender.size;
    let failure: SteleError | undefined;
    try {
      this.#newestSeal = await this.#write(batch, size);
      this.#sealedSize = size;
      if (batch.nextSigner) this.#follow(batch.nextSigner);
    } catch (error) {
      failure = this.#end(error);
    }
    batch.clear();
    this.#spare = batch;
    this.#committing = undefined;
    // What has been placed meanwhile goes on its way before anybody is told, so that the disk does
    // not idle.
    if (this.#open.appends.length > 0 && !failure) this.#start();
    if (failure) this.#giveUp(failure, [...appends, ...this.#takeAll()]);
    else acknowledge(appends, size);
    if (!failure) this.onSealed();
    // Behind the next commit, which so does not wait for a tile.
    if (!failure) this.#tiles.add(rows);
    this.#admit();
  }

  #follow(next: Signer): void {
    this.#signer = next;
    this.#files.endSegment();
  }

  /**
   * Seals the batch, over exactly the entries placed so far, and writes it. Resolves with what
   * gives the seal's note.
   */
  async #write(batch: Batch, size: number): Promise<() => string> {
    const { key } = this.#signer;
    const checkpoint = { origin: key.name, size, root: this.#appender.root() };
    const signing = this.#signer.sign(utf8(formatCheckpoint(checkpoint)));
    // Without a pause where none is needed, so that the disk starts while other appends are being
    // placed.
    const signature = signing instanceof Promise ? await signing : signing;
    batch.used += batch.buffer.write(formatSeal(checkpoint, key, signature), batch.used);
    const early = batch.appends.filter(({ ack }) => ack === "written");
    const onWritten = early.length > 0 ? () => acknowledge(early, size) : undefined;
    await this.#files.write(batch, size, onWritten);
    return () => formatSealedNote(checkpoint, key, signature);
  }

  /** Places waiting appends, in order, while the open batch has room. */
  #admit(): void {
    const waiting = this.#waiting;
    let admitted = 0;
    for (; admitted < waiting.length && this.#open.hasRoom(waiting[admitted]!); admitted++) {
      this.#place(waiting[admitted]!);
    }
    if (admitted > 0) this.#waiting = waiting.slice(admitted);
  }

  #giveUp(failure: SteleError, appends: readonly Append[]): void {
    if (appends.some(({ ack }) => ack === "queued")) this.#lost = failure;
    for (const append of appends) append.reject(failure);
  }

  #takeAll(): readonly Append[] {
    const { appends } = this.#open;
    this.#open.clear();
    return appends;
  }

  #end(cause: unknown): SteleError {
    this.#failure = toSteleError(cause);
    const { message, code, fix, path } = this.#failure;
    const last = this.#appender.size - 1;
    const unknown = `whether entries ${this.#sealedSize} to ${last} are on disk is unknown`;
    return new SteleError(code, `${message}; ${unknown}`, { fix, cause, ...(path && { path }) });
  }
}

function acknowledge(appends: readonly Append[], sealedSize: number): void {
  for (const { place, resolve } of appends) {
    const { seq, hash, time } = place!;
    resolve({ seq, hash, time, sealedSize });
  }
}

function noSuchAck(untrusted: unknown): SteleError {
  const message = `ack must be one of ${ACKS.join(", ")}, not ${JSON.stringify(untrusted)}`;
  return new SteleError("OPTION_INVALID", message);
}

function ended(failure: SteleError): SteleError {
  if (failure.code === "JOURNAL_CLOSED") return failure;
  const message = `the writer ended: ${failure.message}`;
  return new SteleError("WRITER_FAILED", message, { cause: failure });
}

function toSteleError(cause: unknown): SteleError {
  if (cause instanceof SteleError) return cause;
  const message = `the commit failed: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new SteleError("WRITER_FAILED", message, { cause });
}

function prepare(world: World, event: EventText, options: WriteOptions): Prepared {
  const { content, committed } = options;
  if (!committed || committed.size === 0) return prepareContents(world, event, content);
  const contentBytes = [...committed.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { event, contents: committed, contentBytes };
}
