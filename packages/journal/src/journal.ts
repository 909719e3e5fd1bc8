import { agentEvent, provesPossession, type AgentChange } from "@stele/core/agent-event";
import { SteleError } from "@stele/core/error";
import type { Gap, Imported } from "./notices.ts";
import { encodeEvent, EventText, RESERVED_PREFIX, type Event } from "@stele/core/event";
import { parseVerifierKey, type Signer, type VerifierKey } from "@stele/core/key";
import { parseSignedEvent } from "@stele/core/signed-event";
import {
  type Ack,
  openForAppending,
  readCursors,
  removeCursor,
  writeCursor,
  type OpenJournal,
  type Receipt as SealedReceipt,
  type World,
  type WriteOptions,
} from "@stele/store";
import { LedgerReader } from "@stele/store/reading";
import { AgentRegistry } from "./agent-registry.ts";
import { CheckpointKeeper, checkpointInterval } from "./checkpoint-keeper.ts";
import { Eraser, type Erased, type EraseOptions } from "./eraser.ts";
import type { HoldOptions, ReleaseOptions } from "./holds.ts";
import type { KeyRotation } from "./key-rotation.ts";
import { checkRecord, type RecordCheck } from "./record-check.ts";
import { pruneJournal, type Pruned, type PruneOptions } from "./prune.ts";
import { PresentSealing } from "./present-sealing.ts";
import { JournalReader } from "./reading.ts";
import { LiveSessions } from "./session/live-sessions.ts";
import type { Session } from "./session/session.ts";
import { RecentIds, type Answer } from "./recent-ids.ts";
import { requireCommitted, SignedEvent, signIn } from "./signed.ts";
import { readStatus, type JournalStatus } from "./status.ts";
import type { WitnessClient } from "./witnessing.ts";
import { thisMachine } from "./world.ts";

/** How a journal is opened for appending. */
export interface OpenOptions {
  /**
   * How many entries back an event `id` is known as a duplicate, also after reopening. Default
   * 10,000.
   */
  readonly deduplicationWindow?: number | undefined;
  /**
   * What seals commits, or what finds it for the present key; each signature is checked. Default:
   * the command in STELE_SIGNER, or the key in STELE_KEY, STELE_KEY_FILE or the configuration
   * directory.
   */
  readonly signer?: Signer | ((present: VerifierKey) => Signer | Promise<Signer>) | undefined;
  /**
   * The file of the recovery key: says that the present key is lost, and lets a new one follow it,
   * before anything else is appended.
   */
  readonly recoveryKeyPath?: string | undefined;
  /**
   * How often DIR/checkpoint is brought up to date while something is sealed. Default 1000; from 1
   * to 3,600,000.
   */
  readonly checkpointIntervalMs?: number | undefined;
  /** Who is asked to countersign checkpoints, as often; DIR/checkpoint then waits for them. */
  readonly witness?: WitnessClient | undefined;
  /**
   * The record types that appended events are checked against, such as `recordTypes()` of
   *
   * @stele/records. Default: none.
   */
  readonly records?: RecordCheck | undefined;
  /** Called when something beside the ledger begins to go wrong: see `Journal.status`. */
  readonly onProblem?: ((problem: SteleError) => void) | undefined;
  /** Where STELE_KEY, STELE_KEY_FILE and STELE_SIGNER are looked for. Default: process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * Whether the index for questions is made and follows each commit: true from now on, false never
   * (each question reads the ledger). Default: from the first question on.
   */
  readonly index?: boolean | undefined;
  /** The disk, clock, randomness and cryptography to use. Default: this machine's. */
  readonly world?: World | undefined;
}

/** How an event is appended. */
export interface AppendOptions extends Omit<WriteOptions, "ack" | "committed"> {
  /**
   * When it is acknowledged: `synced` (default), sealed and on disk; `written`, handed to the
   * operating system; `queued`, in memory; `witnessed`, when DIR/checkpoint has a checkpoint that
   * covers it and that the witnesses' quorum countersigned.
   */
  readonly ack?: Ack | "witnessed" | undefined;
  /** The key of the event's agent, which signs the event; the journal must know it. */
  readonly signer?: Signer | undefined;
}

/** A key that an agent will sign with. */
export interface NewAgentKey {
  readonly agent: string;
  /** The vkey; its name is the agent. */
  readonly publicKey: string;
  /** `provePossession(origin, signer)`: that the agent has the private key. */
  readonly proof?: Uint8Array | undefined;
}

interface DeliverOptions extends Omit<WriteOptions, "ack"> {
  readonly ack?: AppendOptions["ack"];
}

/** What an append resolves to. */
export interface Receipt extends SealedReceipt {
  /** The size of a witnessed checkpoint that covers the entry: with `witnessed` only. */
  readonly witnessedSize?: number;
}

/** What an open journal is made of. */
export interface JournalParts {
  readonly open: OpenJournal;
  readonly recent: RecentIds;
  readonly rotation: KeyRotation;
  readonly keeper: CheckpointKeeper;
  readonly eraser: Eraser;
  readonly hasWitness: boolean;
  readonly index: boolean | undefined;
  readonly onProblem: OpenOptions["onProblem"];
  readonly records: RecordCheck | undefined;
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
  readonly #rotation: KeyRotation;
  readonly #keeper: CheckpointKeeper;
  readonly #eraser: Eraser;
  readonly #hasWitness: boolean;
  readonly #sessions: LiveSessions;
  readonly #records: RecordCheck | undefined;
  readonly #agents: AgentRegistry;
  #closing: Promise<void> | undefined;

  /** For `openJournal`. */
  constructor(world: World, directory: string, parts: JournalParts) {
    const { index, onProblem } = parts;
    super(world, directory, parts.open.manifest, { index, onProblem });
    this.#world = world;
    this.#directory = directory;
    this.#open = parts.open;
    this.#recent = parts.recent;
    this.#rotation = parts.rotation;
    this.#keeper = parts.keeper;
    this.#eraser = parts.eraser;
    this.#hasWitness = parts.hasWitness;
    this.#records = parts.records;
    const ledger = new LedgerReader(world, directory, parts.open.manifest);
    this.#agents = new AgentRegistry(world, directory, { ledger, origin: this.origin });
    parts.open.writer.onSealed = () => {
      parts.keeper.noteSeal();
      this.noteSealed();
    };
    if (parts.index) this.index.noteSealed();
    this.#sessions = this.#openSessions();
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
   * An `id` that one of the last entries had (see `deduplicationWindow`) is not recorded again: the
   * first receipt comes back. Rejects with EVENT_, RECORD_, CONTENT_ and JSON_ codes, which change
   * nothing; after a failed write or sync with that failure, from then on with WRITER_FAILED. With
   * `witnessed` also, when the entry is sealed but the witnesses are not to be had, with
   * WITNESS_UNAVAILABLE or WITNESS_AHEAD.
   */
  append(event: Event | EventText | SignedEvent, options: AppendOptions = {}): Promise<Receipt> {
    try {
      if (event instanceof SignedEvent) return this.#appendSigned(event, options);
      if (options.signer) return this.#sign(event, options.signer, options);
      const text = event instanceof EventText ? event : encodeEvent(event);
      return this.#deliver(text, options);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /**
   * Records that an agent signs with a key from now on: what its events are checked against when
   * they are appended and verified. Throws KEY_MALFORMED, OPTION_INVALID when it is there already,
   * SIGNATURE_INVALID when the proof is not the key's.
   */
  async addAgentKey({ agent, publicKey, proof }: NewAgentKey): Promise<Receipt> {
    const change: AgentChange = { action: "add", key: this.#agentKey(agent, publicKey), proof };
    await this.#agents.load();
    if (this.#agents.has(change)) throw new SteleError("OPTION_INVALID", `${publicKey} is there`);
    if (proof && !provesPossession(this.#world.primitives, this.origin, change)) {
      throw new SteleError("SIGNATURE_INVALID", `the proof of possession is not ${agent}'s`);
    }
    return this.#changeAgents(change);
  }

  /**
   * Records that an agent signs no more with a key: what it signed before stays good. Throws
   * AGENT_KEY_UNKNOWN.
   */
  async retireAgentKey({ agent, publicKey }: Omit<NewAgentKey, "proof">): Promise<Receipt> {
    const change: AgentChange = { action: "retire", key: this.#agentKey(agent, publicKey) };
    await this.#agents.load();
    if (this.#agents.has(change)) return this.#changeAgents(change);
    throw new SteleError("AGENT_KEY_UNKNOWN", `${publicKey} is no key of ${agent} here and now`);
  }

  /**
   * Asks the witnesses once, at once, for all that is sealed so far, as before closing. Resolves
   * with the size that they, and DIR/checkpoint, cover then. Rejects with WITNESS_UNAVAILABLE or
   * WITNESS_AHEAD.
   */
  witnessSealed(): Promise<number> {
    return this.#hasWitness ? this.#keeper.coverSealed() : Promise.reject(noWitness());
  }

  /**
   * A session of this journal: its sums, and guards and budgets, which count at once whatever is
   * appended with its id through this object. Costs its entries, by the index. While somebody holds
   * the session it is the same object. Throws OPTION_INVALID, JOURNAL_DAMAGED, INDEX_FAILED, and
   * WRITER_FAILED.
   */
  override session(id: string): Promise<Session> {
    return this.#sessions.open(id);
  }

  /** How the journal is doing, for those who watch over it. A few small reads. */
  status(): Promise<JournalStatus> {
    const others = [this.#rotation.problem, this.#eraser.problem, this.indexProblem];
    const { published, problems } = this.#keeper;
    return readStatus({
      size: this.sealedSize,
      nowMs: this.#world.clock.nowMs(),
      published,
      hasWitness: this.#hasWitness,
      problems: [...problems, ...others.filter((problem) => problem !== undefined)],
      timeOf: async (seq) => (await this.get(seq)).time,
    });
  }

  /**
   * Records a `stele.gap`: that events are missing here, as far as a recorder knows. As durable as
   * an `append`.
   */
  async recordGap(gap: Gap): Promise<Receipt> {
    return this.#append(encodeEvent({ type: "stele.gap", data: gap }), {});
  }

  /**
   * Records a `stele.imported`: that another system's file was taken over, behind the entries that
   * its records became. As durable as an `append`.
   */
  async recordImport(imported: Imported): Promise<Receipt> {
    return this.#append(encodeEvent({ type: "stele.imported", data: imported }), {});
  }

  /**
   * Lets a new key follow the present one, which is destroyed: from then on nobody, this process
   * included, can rewrite what it sealed. Resolves with the receipt of the entry that names the new
   * key, the last that the old one sealed. `next`, where Stele does not keep the key: what seals
   * from now on. Throws KEY_NOT_KEPT without it there, OPTION_INVALID for an HMAC key, KEY_ and
   * DISK_ codes. What witnesses check must be told the new key.
   */
  rotateKey(options: { readonly next?: Signer | undefined } = {}): Promise<Receipt> {
    if (this.#closing) return Promise.reject(closed());
    return this.#rotation.rotate(options.next, "rotated");
  }

  /**
   * Erases contents: records a `stele.erased` entry, or several, and then rewrites the content
   * segments without their bytes and salts. Everything else still verifies. What a crash interrupts
   * is finished at the next opening. Resolves when it is done, at once with `dryRun`. Rejects with
   * HELD when a hold is over something of it, OPTION_INVALID, SEQ_OUT_OF_RANGE, JOURNAL_DAMAGED,
   * and DISK_ codes. Cost: a pass over the journal, and its content segments that are concerned.
   */
  erase(options: EraseOptions): Promise<Erased> {
    return this.#closing ? Promise.reject(closed()) : this.#eraser.erase(options);
  }

  /**
   * Forbids to erase or prune what the selection is about, now and later, until `releaseHold`: a
   * `stele.hold` entry. Rejects with OPTION_INVALID when the name is in force already.
   */
  addHold(options: HoldOptions): Promise<Receipt> {
    return this.#closing ? Promise.reject(closed()) : this.#eraser.hold(options);
  }

  /** Ends a hold by a `stele.hold` entry. Rejects with OPTION_INVALID when there is none. */
  releaseHold(name: string, options: ReleaseOptions): Promise<Receipt> {
    return this.#closing ? Promise.reject(closed()) : this.#eraser.release(name, options);
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

  /**
   * Drops the oldest segments, and the contents beside them, whose every entry is before a `seq` or
   * older than a time: never the last one, nor what a cursor, a hold or the witnesses keep. A
   * `stele.pruned` entry says what went; its hashes stay. Resolves when it is gone for good. Throws
   * OPTION_INVALID; JOURNAL_DAMAGED, and drops nothing, when something of it is not intact.
   */
  prune(options: PruneOptions): Promise<Pruned> {
    return this.#eraser.inTurn(() => this.#prune(options));
  }

  /** Removes a cursor. */
  removeCursor(name: string): Promise<void> {
    return removeCursor(this.#world.disk, this.#directory, name);
  }

  /**
   * Waits for what is pending and releases the journal. Appends from now on reject with
   * JOURNAL_CLOSED. Rejects when entries are lost whose receipts said `queued`.
   */
  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  override [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #openSessions(): LiveSessions {
    const { writer } = this.#open;
    const source = this.sessionSource();
    const sessions = new LiveSessions(
      {
        ...source,
        sealed: async () => {
          await writer.settled();
          if (writer.failed) writer.requireOpen();
          return writer.sealedSize;
        },
        append: (event, options) => this.append(event, options),
        requireWriter: () => {
          if (this.#closing) throw closed();
          writer.requireOpen();
        },
        newName: () => Buffer.from(this.#world.random.bytes(16)).toString("hex"),
      },
      () => writer.placedSize,
    );
    writer.onPlaced = (event, place) => sessions.notePlaced(event, place);
    return sessions;
  }

  #agentKey(agent: string, publicKey: string): VerifierKey {
    const key = parseVerifierKey(this.#world.primitives, publicKey, ["ed25519"]);
    if (key.name === agent) return key;
    throw new SteleError("KEY_MALFORMED", `the key is ${key.name}'s, the agent is ${agent}`);
  }

  async #changeAgents(change: AgentChange): Promise<Receipt> {
    const receipt = this.#append(agentEvent(change), {});
    this.#agents.take(change);
    const { seq, hash } = await receipt;
    await this.#agents.keep({ ...change, seq }, hash);
    return receipt;
  }

  #sign(
    event: Event | EventText,
    signer: Signer,
    { content, ack }: AppendOptions,
  ): Promise<Receipt> {
    const text = event instanceof EventText ? event : encodeEvent(event);
    const signed = signIn(this.#world, text, { signer, content });
    if (signed instanceof SignedEvent && this.#agents.isLoaded) {
      return this.#appendSigned(signed, { ack });
    }
    return this.#appendWhenSigned(text, signed, ack);
  }

  /** Meanwhile it counts for its session, so that guards that are asked next see it. */
  async #appendWhenSigned(
    text: EventText,
    signed: SignedEvent | Promise<SignedEvent>,
    ack: AppendOptions["ack"],
  ): Promise<Receipt> {
    this.#sessions.noteSigning(text);
    let made: SignedEvent;
    try {
      made = await signed;
      await this.#agents.load();
    } finally {
      this.#sessions.endSigning(text);
    }
    return this.#appendSigned(made, { ack });
  }

  /** At once, when the agents' keys are known: so that order is kept. */
  async #appendSigned(signed: SignedEvent, { content, ack }: AppendOptions): Promise<Receipt> {
    if (content) throw new SteleError("OPTION_INVALID", "a signed event has its contents already");
    const read = parseSignedEvent(signed.text);
    requireCommitted(this.#world.primitives, read, signed.contents);
    if (!this.#agents.isLoaded) await this.#agents.load();
    this.#agents.check(read);
    return this.#deliver(read.event, { ack, committed: signed.contents });
  }

  #deliver(text: EventText, options: DeliverOptions): Promise<Receipt> {
    checkRecord(this.#records, text);
    if (text.type.startsWith(RESERVED_PREFIX)) throw reserved(text.type);
    const { ack, ...rest } = options;
    if (ack !== "witnessed") return this.#append(text, { ...rest, ack });
    if (!this.#hasWitness) throw noWitness();
    return this.#append(text, rest).then((receipt) => this.#witnessed(receipt));
  }

  #append(text: EventText, options: WriteOptions): Promise<Receipt> {
    if (this.#closing) return Promise.reject(closed());
    this.#rotation.tick();
    const { id } = text;
    const { writer } = this.#open;
    if (id === undefined) return this.#place(text, options);
    const answer = this.#recent.find(id, writer.placedSize);
    if (answer) return this.#repeat(text, options, answer);
    const seq = writer.placedSize;
    const receipt = this.#place(text, options);
    if (writer.placedSize > seq) this.#recent.remember(id, seq, receipt);
    else this.#recent.expect(id, receipt);
    return receipt;
  }

  /** Hands it to the writer. What waits there for room counts for its session already. */
  #place(text: EventText, options: WriteOptions): Promise<Receipt> {
    const { writer } = this.#open;
    const seq = writer.placedSize;
    const receipt = writer.append(text, options);
    if (writer.placedSize === seq) this.#sessions.noteWaiting(text, receipt);
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

  async #witnessed(receipt: Receipt): Promise<Receipt> {
    const { seq } = receipt;
    try {
      return { ...receipt, witnessedSize: await this.#keeper.cover(seq + 1) };
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      const { code, fix, message } = error;
      const what = `entry ${seq} is sealed and on disk, but not witnessed: ${message}`;
      throw new SteleError(code, what, { seq, fix, cause: error });
    }
  }

  async #prune(options: PruneOptions): Promise<Pruned> {
    if (this.#closing) throw closed();
    // So that what it speaks of is still there.
    await this.#keeper.catchUp();
    const { published } = this.#keeper;
    const isWitnessed = this.#hasWitness || published?.isCosigned === true;
    const isCovered = published && (published.isCosigned || !isWitnessed);
    const covered = {
      size: isCovered ? published.checkpoint.size : 0,
      by: isWitnessed ? "the witnessed checkpoint" : "DIR/checkpoint",
    };
    return pruneJournal(
      {
        world: this.#world,
        directory: this.#directory,
        open: this.#open,
        covered,
        newestSeal: await this.newestSeal(),
        firstHeld: (range) => this.firstHeld(range),
      },
      options,
    );
  }

  async #close(): Promise<void> {
    const { writer } = this.#open;
    this.#keeper.stop();
    await this.#eraser.settled();
    try {
      await this.#rotation.settled();
      await this.#agents.finish(writer.sealedSize);
      await this.#open.close(() => this.#keeper.finish());
    } catch (error) {
      // After a failure, which those who waited know, there is nothing left to do well.
      if (!writer.failed) throw error;
    } finally {
      await super.close();
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
  return openAs(Journal, directory, options);
}

/** As `openJournal`; of a journal in memory, `maxEntries` says how many entries are kept. */
export async function openAs<J extends Journal>(
  type: new (world: World, directory: string, parts: JournalParts) => J,
  directory: string,
  options: OpenOptions,
  maxEntries?: number,
): Promise<J> {
  const recent = new RecentIds(options.deduplicationWindow ?? DEFAULT_WINDOW);
  const intervalMs = checkpointInterval(options.checkpointIntervalMs);
  const world = options.world ?? thisMachine();
  try {
    const keys = new PresentSealing(world, options);
    const opened = await openForAppending(world, directory, (present) => keys.find(present));
    const bound = maxEntries === undefined ? {} : { maxEntries };
    const open = { ...opened, manifest: { ...opened.manifest, ...bound } };
    const reader = new JournalReader(world, directory, open.manifest);
    const rotation = await keys.rotation(directory, open, reader);
    const { witness, onProblem, records } = options;
    const { writer, manifest } = open;
    const keeper = await CheckpointKeeper.start(world, directory, {
      origin: manifest.origin,
      writer,
      seal: await reader.newestSeal(),
      intervalMs,
      witness,
      onProblem,
    });
    const hasWitness = witness !== undefined;
    const ledger = new LedgerReader(world, directory, manifest);
    const eraser = new Eraser(world, directory, { writer, ledger, onProblem });
    await eraser.finish();
    const beside = { rotation, keeper, eraser };
    const { index } = options;
    const parts = { open, recent, ...beside, hasWitness, index, onProblem, records };
    const journal = new type(world, directory, parts);
    await recent.recall(journal);
    return journal;
  } catch (error) {
    await world.disk.close();
    throw error;
  }
}

function noWitness(): SteleError {
  const fix = "open the journal with a witness, or ask for less";
  return new SteleError("OPTION_INVALID", "the journal was opened without a witness", { fix });
}

function reserved(type: string): SteleError {
  const message = `the type ${type} is reserved: ${RESERVED_PREFIX} is for the journal itself`;
  return new SteleError("EVENT_INVALID", message);
}

function closed(): SteleError {
  return new SteleError("JOURNAL_CLOSED", "the journal is closed");
}
