import { utf8 } from "@stele/core/bytes";
import { formatCheckpoint } from "@stele/core/checkpoint";
import { cosign } from "@stele/core/cosignature";
import type { SigningKey } from "@stele/core/key";
import { readFileIfAny, replaceFile, type World } from "@stele/store";
import { refuse, type Answer } from "./answer.ts";
import { decide, isSplitView, noteOf, readClaim, type Claim } from "./claim.ts";
import { hashOf, KeptCheckpoints, type Kept } from "./kept-checkpoints.ts";
import { LogListFile } from "./log-list.ts";
import { EVIDENCE, LOGS } from "./state.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What a witness is opened with. */
export interface WitnessOptions {
  readonly key: SigningKey;
  /** New checkpoints of one log in a second, on average. */
  readonly ratePerSecond: number;
  /** Takes a line for the people who run the witness. */
  readonly log: (line: string) => void;
}

const FAILED: Answer = refuse(503, "this witness has failed");

/** So many new checkpoints of one log may come at once. */
const BURST = 10;

/**
 * Signs that it has seen a log's checkpoint, and none that contradicts it. It has its directory to
 * itself: the caller holds the lock.
 */
export class Witness {
  readonly #world: World;
  readonly #directory: string;
  readonly #options: WitnessOptions;
  readonly #logs: LogListFile;
  readonly #kept: KeptCheckpoints;
  readonly #buckets = new Map<string, TokenBucket>();
  /** The end of what is going on for each log. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #failure = Promise.withResolvers<never>();
  #hasFailed = false;

  private constructor(
    world: World,
    directory: string,
    options: WitnessOptions,
    state: { readonly logs: LogListFile; readonly kept: KeptCheckpoints },
  ) {
    this.#world = world;
    this.#directory = directory;
    this.#options = options;
    this.#logs = state.logs;
    this.#kept = state.kept;
    this.#failure.promise.catch(() => undefined);
  }

  /** Reads and checks the state. Throws WITNESS_DAMAGED, KEY_MALFORMED for the list of logs. */
  static async open(world: World, directory: string, options: WitnessOptions): Promise<Witness> {
    const { key, log } = options;
    const logs = new LogListFile(world, `${directory}/${LOGS}`, log);
    const kept = await KeptCheckpoints.open(world, directory, { key, logs: await logs.read() });
    return new Witness(world, directory, options, { logs, kept });
  }

  /**
   * Rejects with the disk's first error, if one ever comes. From then on nothing is signed: what
   * the disk holds is not known any more.
   */
  get failure(): Promise<never> {
    return this.#failure.promise;
  }

  /**
   * Answers the body of an add-checkpoint request (C2SP tlog-witness). A signature is returned only
   * after the checkpoint is on stable storage. Requests for one log are decided one after another.
   */
  async addCheckpoint(untrusted: Uint8Array): Promise<Answer> {
    const logs = await this.#logs.read().catch((error: unknown) => {
      this.#options.log(`the list of logs cannot be read: ${String(error)}`);
    });
    if (!logs) return refuse(503, "the list of logs cannot be read");
    const claim = readClaim(this.#world.primitives, logs, untrusted);
    if ("status" in claim) return claim;
    return this.#inTurn(claim.checkpoint.origin, async () => {
      try {
        return this.#hasFailed ? FAILED : await this.#judge(claim);
      } catch (error) {
        this.#hasFailed = true;
        this.#failure.reject(error);
        return FAILED;
      }
    });
  }

  /** The newest checkpoint that was signed of the log whose origin has this SHA-256, in hex. */
  latest(originHash: string): string | undefined {
    return this.#kept.byHash(originHash)?.note;
  }

  /** Resolves when all requests so far are decided. */
  async settled(): Promise<void> {
    await Promise.all(this.#turns.values());
  }

  async #judge(claim: Claim): Promise<Answer> {
    const kept = this.#kept.of(claim.checkpoint.origin);
    if (kept && isSplitView(claim.checkpoint, kept.checkpoint)) await this.#keepBoth(kept, claim);
    const decision = decide(this.#world.primitives, claim, kept?.checkpoint);
    if (typeof decision !== "string") return decision;
    const waitMs = decision === "grow" ? this.#waitMs(claim.checkpoint.origin) : 0;
    if (waitMs > 0) return tooMany(waitMs);
    const seconds = Math.floor(this.#world.clock.nowMs() / 1000);
    if (seconds < 1) return refuse(503, "this witness has no clock");
    const text = formatCheckpoint(claim.checkpoint);
    const line = cosign(this.#world.primitives, this.#options.key, text, seconds);
    const next = { checkpoint: claim.checkpoint, note: noteOf(claim) + line };
    if (decision === "grow") await this.#kept.replace(next);
    else this.#kept.refresh(next);
    return { status: 200, body: line };
  }

  /** Keeps the first contradiction of each log: one is enough to prove it, and fills no disk. */
  async #keepBoth(kept: Kept, claim: Claim): Promise<void> {
    const { origin, size } = claim.checkpoint;
    const directory = `${this.#directory}/${EVIDENCE}`;
    const name = `${hashOf(this.#world, origin)}.json`;
    if (await readFileIfAny(this.#world.disk, `${directory}/${name}`)) return;
    const pair = { origin, size, signed: kept.note, refused: noteOf(claim) };
    await replaceFile(this.#world.disk, directory, name, utf8(`${JSON.stringify(pair)}\n`));
    const place = `${EVIDENCE}/${name}`;
    this.#options.log(`${origin} signed two different trees of ${size} entries: see ${place}`);
  }

  #waitMs(origin: string): number {
    const nowMs = this.#world.clock.nowMs();
    const bucket =
      this.#buckets.get(origin) ?? new TokenBucket(this.#options.ratePerSecond, BURST, nowMs);
    this.#buckets.set(origin, bucket);
    return bucket.take(nowMs);
  }

  /** Runs the work, which must not reject, after all that came for the same log before. */
  async #inTurn(origin: string, work: () => Promise<Answer>): Promise<Answer> {
    const turn = (this.#turns.get(origin) ?? Promise.resolve()).then(work);
    this.#turns.set(origin, turn);
    return turn;
  }
}

function tooMany(waitMs: number): Answer {
  const headers = { "retry-after": String(Math.ceil(waitMs / 1000)) };
  return { ...refuse(429, "too many new checkpoints of this log"), headers };
}
