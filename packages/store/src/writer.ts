import { formatCheckpoint } from "@stele/core/checkpoint";
import { utf8 } from "@stele/core/bytes";
import { formatContentLine } from "@stele/core/content";
import { SteleError } from "@stele/core/error";
import type { EventText } from "@stele/core/event";
import type { Signer } from "@stele/core/key";
import { formatSeal } from "@stele/core/ledger";
import { Appender } from "./appender.ts";
import { Batch, type Ack, type Receipt, type Waiter } from "./batch.ts";
import { prepareContents, type ContentInput, type Prepared } from "./content-input.ts";
import { LedgerFiles, type LedgerSettings } from "./ledger-files.ts";
import type { World } from "./world.ts";

/** How an event is appended. */
export interface WriteOptions {
  readonly content?: Readonly<Record<string, ContentInput>> | undefined;
  /** Default `synced`. */
  readonly ack?: Ack | undefined;
}

/**
 * The one writer of a ledger: group commit. Appends that arrive while a commit is on its way to the disk are placed in
 * the next batch; one write, one fdatasync and one seal serve all of a batch. The first failure ends the writer for
 * good, because the page cache can no longer be trusted: what is pending rejects with the cause, outcome unknown.
 */
export class Writer {
  readonly #world: World;
  readonly #signer: Signer;
  readonly #files: LedgerFiles;
  readonly #appender: Appender;
  /** Takes new entries. The other one is on its way to the disk, or spare. */
  #open: Batch = new Batch();
  #spare: Batch = new Batch();
  /** Appends that found the open batch full, in order. */
  #waiting: Pending[] = [];
  #committing: Promise<void> | undefined;
  #failure: SteleError | undefined;
  #sealedSize: number;

  constructor(world: World, signer: Signer, settings: LedgerSettings) {
    this.#world = world;
    this.#signer = signer;
    this.#files = new LedgerFiles(world, settings);
    this.#appender = new Appender(world, settings.open.end);
    this.#sealedSize = settings.open.end.sealedSize;
  }

  /** Entries that are sealed and on disk. */
  get sealedSize(): number {
    return this.#sealedSize;
  }

  /** Entries that were given a place: the next one's `seq`. */
  get placedSize(): number {
    return this.#appender.size;
  }

  /**
   * Places the event at once, or, when a batch is full, as soon as there is room. Resolves when the entry is
   * acknowledged as asked: for `synced`, MUST NOT be before its seal is on stable storage.
   */
  append(event: EventText, options: WriteOptions = {}): Promise<Receipt> {
    const { content, ack = "synced" } = options;
    return new Promise((resolve, reject) => {
      const prepared = prepareContents(this.#world, event, content);
      const pending = { prepared, ack, resolve, reject };
      if (this.#waiting.length === 0 && this.#fits(pending)) this.#place(pending);
      else this.#waiting.push(pending);
    });
  }

  /** Resolves when everything placed so far is sealed and on disk, or has failed. Never rejects. */
  async settled(): Promise<void> {
    while (this.#committing) await this.#committing;
  }

  /** Waits for what is pending, syncs the durable mark and closes the files. */
  async close(): Promise<void> {
    await this.settled();
    const clean = this.#failure === undefined;
    this.#failure ??= new SteleError("JOURNAL_CLOSED", "the journal is closed");
    await this.#files.close(clean);
  }

  #fits({ prepared }: Pending): boolean {
    return this.#open.hasRoom(prepared.event.text.length, prepared.contentBytes);
  }

  #place({ prepared, ...pending }: Pending): void {
    if (this.#failure) return pending.reject(ended(this.#failure));
    const batch = this.#open;
    const { event, contents } = prepared;
    try {
      const place = this.#appender.place(batch, event);
      if (contents) batch.addContents(utf8(formatContentLine(place.seq, contents)));
      batch.waiters.push({ ...place, ...pending });
      if (pending.ack === "queued") pending.resolve({ ...place, sealedSize: null });
      this.#committing ??= this.#commitAll();
    } catch (error) {
      pending.reject(error);
    }
  }

  /** Commits batch after batch until nothing is pending. */
  async #commitAll(): Promise<void> {
    // Everything that is ready to append now shares the commit.
    await this.#world.clock.turn();
    while (this.#open.waiters.length > 0 && !this.#failure) {
      const batch = this.#open;
      this.#open = this.#spare;
      try {
        await this.#commit(batch);
      } catch (error) {
        this.#end(batch, error);
      }
      batch.clear();
      this.#spare = batch;
      this.#admit();
      await this.#world.clock.turn();
    }
    this.#committing = undefined;
  }

  async #commit(batch: Batch): Promise<void> {
    const size = this.#appender.size;
    const checkpoint = { origin: this.#signer.key.name, size, root: this.#appender.root() };
    // The seal is over exactly this batch: no entry may be placed in it from here on.
    this.#admit();
    const signature = await this.#signer.sign(utf8(formatCheckpoint(checkpoint)));
    batch.used += batch.buffer.write(
      formatSeal(checkpoint, this.#signer.key, signature),
      batch.used,
    );
    const written = batch.waiters.filter(({ ack }) => ack === "written");
    const onWritten = written.length > 0 ? () => resolveAll(written, size) : undefined;
    await this.#files.write(batch, size, onWritten);
    this.#sealedSize = size;
    resolveAll(batch.waiters, size);
  }

  /** Places waiting appends, in order, while the open batch has room. */
  #admit(): void {
    const waiting = this.#waiting;
    let admitted = 0;
    for (; admitted < waiting.length && this.#fits(waiting[admitted]!); admitted++) {
      this.#place(waiting[admitted]!);
    }
    if (admitted > 0) this.#waiting = waiting.slice(admitted);
  }

  #end(batch: Batch, cause: unknown): void {
    const error = toSteleError(cause);
    this.#failure = error;
    const last = this.#appender.size - 1;
    const message = `${error.message}; whether entries ${this.#sealedSize} to ${last} are on disk is unknown`;
    const { code, fix, path } = error;
    const outcome = new SteleError(code, message, { fix, cause, ...(path && { path }) });
    for (const { reject } of [...batch.waiters, ...this.#open.waiters]) reject(outcome);
    this.#open.clear();
  }
}

/** An append that has not been placed. */
interface Pending extends Pick<Waiter, "ack" | "resolve" | "reject"> {
  readonly prepared: Prepared;
}

function resolveAll(waiters: readonly Waiter[], sealedSize: number): void {
  for (const { seq, hash, time, resolve } of waiters) resolve({ seq, hash, time, sealedSize });
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
