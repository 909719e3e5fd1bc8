import { SteleError } from "@stele/core/error";
import type { World } from "@stele/store";
import {
  parsePublished,
  publishCheckpoint,
  readPublished,
  type PublishedCheckpoint,
} from "@stele/store/checkpoint";
import { Coverage } from "./coverage.ts";
import { proveGrowth } from "./growth.ts";
import { Problems } from "./problems.ts";
import type { WitnessClient, WitnessFailure, WitnessOutcome } from "./witnessing.ts";

/** What a keeper needs of a writer. */
interface Sealer {
  readonly sealedSize: number;
  readonly newestSeal: string | undefined;
}

/** What a keeper is made with. */
export interface KeeperSettings {
  readonly origin: string;
  readonly writer: Sealer;
  /** The note of the newest seal, for as long as the writer has made none. */
  readonly seal: string | undefined;
  readonly intervalMs: number;
  readonly witness: WitnessClient | undefined;
  readonly onProblem: ((problem: SteleError) => void) | undefined;
}

const DEFAULT_INTERVAL_MS = 1000;
const MAX_INTERVAL_MS = 3_600_000;
/** Doublings of the interval while publishing fails. */
const MAX_DOUBLINGS = 6;

/**
 * Keeps DIR/checkpoint up to date beside a writer: at most once an interval in which something was
 * sealed, and when the journal is closed. With witnesses it asks them first, and replaces the file
 * only when their quorum countersigned. One attempt at a time; none of it ever fails the journal.
 */
export class CheckpointKeeper {
  readonly #world: World;
  readonly #directory: string;
  readonly #settings: KeeperSettings;
  readonly #problems: Problems;
  readonly #coverage: Coverage;
  #published: PublishedCheckpoint | undefined;
  /** What the witnesses of this session have countersigned, and is in the file. */
  #coveredSize = 0;
  #timer: AbortController | undefined;
  #attempt: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Attempts in a row that did not reach the file. */
  #failures = 0;
  /** Why no more attempts are made. */
  #ended: SteleError | undefined;

  private constructor(world: World, directory: string, settings: KeeperSettings) {
    this.#world = world;
    this.#directory = directory;
    this.#settings = settings;
    this.#problems = new Problems(settings.onProblem);
    this.#coverage = new Coverage(world.clock);
  }

  /** Takes over the file as it is. */
  static async start(
    world: World,
    directory: string,
    settings: KeeperSettings,
  ): Promise<CheckpointKeeper> {
    const keeper = new CheckpointKeeper(world, directory, settings);
    const published = await readPublished(world.disk, directory, settings.origin);
    if (typeof published !== "string" && published.checkpoint.size <= settings.writer.sealedSize) {
      keeper.#published = published;
    }
    // Whether the witnesses know more than there is comes out with the first attempt.
    if (settings.witness) keeper.noteSeal();
    return keeper;
  }

  /** What is in the file. */
  get published(): PublishedCheckpoint | undefined {
    return this.#published;
  }

  /** What went wrong, and still does. */
  get problems(): readonly SteleError[] {
    return this.#problems.all;
  }

  /** To be called behind each commit. */
  noteSeal(): void {
    if (!this.#timer && !this.#attempt && this.#isDue) this.#schedule(this.#settings.intervalMs);
  }

  /**
   * Resolves, with the size that is covered, when the file has a checkpoint that covers this many
   * entries, which are sealed, and that the witnesses' quorum countersigned. Asks them at once.
   * Rejects with WITNESS_UNAVAILABLE after a time, when the journal is closed, or without
   * witnesses; WITNESS_AHEAD.
   */
  cover(size: number): Promise<number> {
    if (size <= this.#coveredSize) return Promise.resolve(this.#coveredSize);
    if (this.#ended) return Promise.reject(this.#ended);
    const isFirst = !this.#coverage.isAwaited;
    const covered = this.#coverage.wait(size);
    if (this.#failures === 0) this.#start();
    else if (isFirst && !this.#attempt) this.#schedule(this.#settings.intervalMs);
    return covered;
  }

  /**
   * Asks the witnesses once for all that is sealed now. Resolves with the covered size. Rejects
   * with WITNESS_UNAVAILABLE when there was no quorum, or WITNESS_AHEAD.
   */
  async coverSealed(): Promise<number> {
    const size = this.#settings.writer.sealedSize;
    // What is under way may have begun before the last seal.
    await this.#attempt;
    if (this.#coveredSize < size && !this.#ended) {
      this.#start();
      await this.#attempt;
    }
    if (this.#coveredSize >= size) return this.#coveredSize;
    const message = `entries from ${this.#coveredSize} on are not witnessed: there was no quorum`;
    throw this.#ended ?? new SteleError("WITNESS_UNAVAILABLE", message);
  }

  /** Without witnesses: the newest seal is in the file when this resolves. */
  async catchUp(): Promise<void> {
    await this.#attempt;
    const seal = this.#newestSeal;
    if (!this.#settings.witness && this.#isDue && seal !== undefined) await this.#publish(seal);
  }

  /** Makes no more attempts, and waits for no witness. */
  stop(): void {
    this.#end(new SteleError("WITNESS_UNAVAILABLE", "the journal is closed"));
  }

  /** After `stop`: what is being written is, and, without witnesses, the newest seal. */
  async finish(): Promise<void> {
    await this.#writing;
    const seal = this.#newestSeal;
    if (!this.#settings.witness && this.#isDue && seal !== undefined) await this.#publish(seal);
  }

  get #newestSeal(): string | undefined {
    return this.#settings.writer.newestSeal ?? this.#settings.seal;
  }

  /** Whether the newest seal should be in the file and is not. */
  get #isDue(): boolean {
    const { witness, writer } = this.#settings;
    if (witness) return this.#coveredSize < writer.sealedSize;
    // A cosigned checkpoint is evidence that nobody here could make again.
    if (this.#published?.isCosigned) return false;
    return (this.#published?.checkpoint.size ?? 0) < writer.sealedSize;
  }

  #schedule(ms: number): void {
    this.#timer?.abort();
    if (this.#ended) return;
    const timer = new AbortController();
    this.#timer = timer;
    this.#world.clock.idleDelay(ms, timer.signal).then(
      () => this.#start(),
      () => undefined, // another was set, or none is wanted
    );
  }

  #start(): void {
    this.#timer?.abort();
    this.#timer = undefined;
    this.#attempt ??= this.#try();
  }

  async #try(): Promise<void> {
    this.#coverage.begin();
    const seal = this.#newestSeal;
    const succeeded = seal === undefined || !this.#isDue || (await this.#advance(seal));
    this.#attempt = undefined;
    this.#failures = succeeded ? 0 : this.#failures + 1;
    if (this.#ended || (!this.#isDue && !this.#coverage.isAwaited)) return;
    if (this.#coverage.isAwaited && this.#isDue && succeeded) return this.#start();
    const doublings = this.#coverage.isAwaited ? 0 : Math.min(this.#failures, MAX_DOUBLINGS);
    this.#schedule(this.#settings.intervalMs * 2 ** doublings);
  }

  /** Whether the seal came to be in the file. */
  async #advance(seal: string): Promise<boolean> {
    const { witness } = this.#settings;
    if (!witness) return this.#publish(seal);
    const size = this.#settings.writer.sealedSize;
    const outcome = await this.#ask(witness, seal);
    if (!outcome || this.#ended) return false;
    this.#report(outcome, size);
    if (!outcome.satisfied) return false;
    const cosigned = seal + [...new Set(outcome.cosignatures)].join("");
    if (!(await this.#publish(cosigned))) return false;
    this.#coveredSize = size;
    this.#coverage.reach(size);
    return true;
  }

  async #ask(witness: WitnessClient, seal: string): Promise<WitnessOutcome | undefined> {
    const prove = (oldSize: number) => proveGrowth(this.#world, this.#directory, { oldSize, seal });
    try {
      return await witness.cosign(seal, prove);
    } catch (cause) {
      const message = `the witnesses could not be asked: ${String(cause)}`;
      this.#problems.begin("witnesses", new SteleError("WITNESS_UNAVAILABLE", message, { cause }));
      return undefined;
    }
  }

  #report({ failures, satisfied }: WitnessOutcome, size: number): void {
    const names = failures.map(({ witness }) => `witness ${witness}`);
    this.#problems.keepOnly([CHECKPOINT, ...names]);
    for (const failure of failures) {
      const { witness, ahead } = failure;
      const problem = explain(failure, size);
      this.#problems.begin(`witness ${witness}`, problem);
      if (ahead !== undefined && !satisfied) this.#end(problem);
    }
  }

  async #publish(text: string): Promise<boolean> {
    const writing = this.#write(text);
    this.#writing = writing.then(() => undefined);
    return writing;
  }

  async #write(text: string): Promise<boolean> {
    try {
      const published = parsePublished(this.#settings.origin, text);
      await publishCheckpoint(this.#world.disk, this.#directory, text);
      this.#published = published;
      this.#problems.end(CHECKPOINT);
      return true;
    } catch (error) {
      if (!(error instanceof SteleError)) throw error;
      const { code, fix } = error;
      const message = `the checkpoint was not written: ${error.message}`;
      this.#problems.begin(CHECKPOINT, new SteleError(code, message, { fix, cause: error }));
      return false;
    }
  }

  #end(reason: SteleError): void {
    this.#ended ??= reason;
    this.#timer?.abort();
    this.#timer = undefined;
    this.#coverage.fail(this.#ended);
  }
}

const CHECKPOINT = "the checkpoint";

function explain({ witness, reason, ahead }: WitnessFailure, size: number): SteleError {
  if (ahead === undefined) {
    const message = `witness ${witness} did not countersign: ${reason}`;
    return new SteleError("WITNESS_UNAVAILABLE", message);
  }
  const seen = `witness ${witness} has seen ${ahead} entries, the journal has ${size}`;
  return new SteleError("WITNESS_AHEAD", `${seen}: it was rolled back or lost entries`);
}

/** The interval that was asked for. Throws OPTION_INVALID unless it is from 1 ms to an hour. */
export function checkpointInterval(ms: number = DEFAULT_INTERVAL_MS): number {
  if (Number.isSafeInteger(ms) && ms >= 1 && ms <= MAX_INTERVAL_MS) return ms;
  const message = `checkpointIntervalMs must be from 1 to 3,600,000, not ${String(ms)}`;
  throw new SteleError("OPTION_INVALID", message);
}
