import { SteleError } from "@stele/core/error";
import { encodeEvent, EventText, RESERVED_PREFIX, type Event } from "@stele/core/event";
import type { Signer, VerifierKey } from "@stele/core/key";
import {
  openForAppending,
  readCursors,
  removeCursor,
  writeCursor,
  type OpenJournal,
  type Receipt,
  type World,
  type WriteOptions,
} from "@stele/store";
import { findKey } from "./key-store.ts";
import { JournalReader } from "./reading.ts";
import { RecentIds, type Answer } from "./recent-ids.ts";
import { thisMachine } from "./world.ts";

/** How a journal is opened for appending. */
export interface OpenOptions {
  /**
   * How many entries back an event `id` is known as a duplicate, also after reopening. Default
   * 10,000.
   */
  readonly deduplicationWindow?: number | undefined;
  /**
   * What seals commits. Default: the key in STELE_KEY, STELE_KEY_FILE or the configuration
   * directory.
   */
  readonly signer?: Signer | undefined;
  /** Where STELE_KEY and STELE_KEY_FILE are looked for. Default: process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** The disk, clock, randomness and cryptography to use. Default: this machine's. */
  readonly world?: World | undefined;
}

/** What a recorder could not record, and why. */
export interface Gap {
  readonly reason: string;
  /** ISO 8601: when the gap began. */
  readonly since: string;
  /** How many events are missing, as far as known. */
  readonly count: number;
  readonly [detail: string]: unknown;
}

const DEFAULT_WINDOW = 10_000;

/**
 * A journal that this process appends to: the one writer. It reads like a `JournalReader`. Close
 * it, or declare it with `await using`: closing waits for what is pending.
 */
export class Journal extends JournalReader implements AsyncDisposable {
  readonly #world: World;
  readonly #directory: string;
  readonly #open: OpenJournal;
  readonly #recent: RecentIds;
  #closing: Promise<void> | undefined;

  /** For `openJournal`. */
  constructor(
    world: World,
    directory: string,
    parts: { readonly open: OpenJournal; readonly recent: RecentIds },
  ) {
    super(world, directory, parts.open.manifest);
    this.#world = world;
    this.#directory = directory;
    this.#open = parts.open;
    this.#recent = parts.recent;
  }

  /** How many entries are sealed and on disk. */
  get sealedSize(): number {
    return this.#open.writer.sealedSize;
  }

  /**
   * Records an event. It is serialised at once: later changes to the object do not matter.
   * Resolves with the receipt when the entry is acknowledged as `ack` asks; by default when it is
   * sealed and on disk. Appends that are under way share one write, sync and seal. When a mebibyte
   * is pending, `append` waits for room.
   *
   * An `id` that one of the last entries had (see `deduplicationWindow`) is not recorded again:
   * the first receipt comes back. Rejects with EVENT_, CONTENT_ and JSON_ codes, which change
   * nothing; after a failed write or sync with that failure, from then on with WRITER_FAILED.
   */
  append(event: Event | EventText, options: WriteOptions = {}): Promise<Receipt> {
    let text: EventText;
    try {
      text = event instanceof EventText ? event : encodeEvent(event);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    if (text.type.startsWith(RESERVED_PREFIX)) return Promise.reject(reserved(text.type));
    return this.#append(text, options);
  }

  /**
   * Records a `stele.gap`: that events are missing here, as far as a recorder knows. As durable as
   * an `append`.
   */
  async recordGap(gap: Gap): Promise<Receipt> {
    return this.#append(encodeEvent({ type: "stele.gap", data: gap }), {});
  }

  /**
   * The named cursors, by which segments are held back from being dropped: name and next wanted
   * `seq`.
   */
  cursors(): Promise<ReadonlyMap<string, number>> {
    return readCursors(this.#world.disk, this.#directory);
  }

  /** Moves or makes a cursor; durable when it resolves. */
  setCursor(name: string, next: number): Promise<void> {
    return writeCursor(this.#world.disk, this.#directory, { name, next });
  }

  /** Removes a cursor. */
  removeCursor(name: string): Promise<void> {
    return removeCursor(this.#world.disk, this.#directory, name);
  }

  /**
   * Waits for what is pending and releases the journal. Appends from now on reject with
   * JOURNAL_CLOSED. Rejects when entries are lost whose receipts said `queued`.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #append(text: EventText, options: WriteOptions): Promise<Receipt> {
    if (this.#closing) return Promise.reject(closed());
    const { id } = text;
    const { writer } = this.#open;
    if (id === undefined) return writer.append(text, options);
    const answer = this.#recent.find(id, writer.placedSize);
    if (answer) return this.#repeat(text, options, answer);
    const seq = writer.placedSize;
    const receipt = writer.append(text, options);
    if (writer.placedSize > seq) this.#recent.remember(id, seq, receipt);
    else this.#recent.expect(id, receipt);
    return receipt;
  }

  /** The first receipt, once the entry is as durable as the repetition asks. */
  async #repeat(text: EventText, options: WriteOptions, answer: Answer): Promise<Receipt> {
    let receipt: Receipt;
    try {
      receipt = await answer;
    } catch {
      // What was refused was not recorded: the id is free again.
      this.#recent.forget(text.id!, answer);
      return this.#append(text, options);
    }
    const { writer } = this.#open;
    const durable = (receipt.sealedSize ?? Infinity) <= writer.sealedSize;
    if (options.ack === "queued" || durable) return receipt;
    await writer.settled();
    if (writer.sealedSize > receipt.seq) return { ...receipt, sealedSize: writer.sealedSize };
    const message = `entry ${receipt.seq} was not sealed`;
    throw new SteleError("WRITER_FAILED", message, { seq: receipt.seq });
  }

  async #close(): Promise<void> {
    const { writer } = this.#open;
    try {
      await this.#open.close();
    } catch (error) {
      // After a failure, which those who waited know, there is nothing left to do well.
      if (!writer.failed) throw error;
    } finally {
      await this.#world.disk.close();
    }
    if (writer.lost) throw writer.lost;
  }
}

/**
 * Opens a journal for appending, as its one writer: takes the lock, repairs what a crash left (and
 * records that), knows the ids of the last entries. Costs one segment and the deduplication
 * window, whatever the journal's size. Throws JOURNAL_LOCKED, JOURNAL_DAMAGED, JOURNAL_MISSING,
 * JOURNAL_NOT_A_JOURNAL, JOURNAL_NEWER_FORMAT, KEY_ and DISK_ codes.
 */
export async function openJournal(directory: string, options: OpenOptions = {}): Promise<Journal> {
  const recent = new RecentIds(options.deduplicationWindow ?? DEFAULT_WINDOW);
  const world = options.world ?? thisMachine();
  const { signer, environment = process.env } = options;
  const findSigner = async ({ key }: { key: VerifierKey }): Promise<Signer> =>
    signer ?? findKey(world, key, environment);
  try {
    const open = await openForAppending(world, directory, findSigner);
    const journal = new Journal(world, directory, { open, recent });
    await remember(journal, recent);
    return journal;
  } catch (error) {
    await world.disk.close();
    throw error;
  }
}

/** Fills the window from the ledger. Their receipts name the seal that covers all of them now. */
async function remember(journal: Journal, recent: RecentIds): Promise<void> {
  const sealedSize = journal.sealedSize;
  const from = Math.max(0, sealedSize - recent.window);
  if (recent.window === 0) return;
  for await (const { seq, hash, time, event } of journal.read({ from })) {
    if (event.id !== undefined) recent.remember(event.id, seq, { seq, hash, time, sealedSize });
  }
}

function reserved(type: string): SteleError {
  const message = `the type ${type} is reserved: ${RESERVED_PREFIX} is for the journal itself`;
  return new SteleError("EVENT_INVALID", message);
}

function closed(): SteleError {
  return new SteleError("JOURNAL_CLOSED", "the journal is closed");
}
