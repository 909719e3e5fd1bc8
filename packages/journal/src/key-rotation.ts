import { SteleError } from "@stele/core/error";
import type { Signer } from "@stele/core/key";
import type { KeyChangeReason } from "@stele/core/key-event";
import type { Receipt, World } from "@stele/store";
import { checkedSigner } from "./checked-signer.ts";
import { keySigner, type KeyHolder } from "./key-store.ts";

/** What a rotation asks of a writer. */
interface Sealer {
  changeSigner(next: Signer, reason: KeyChangeReason): Promise<Receipt>;
}

/** When keys are followed by others without being told. */
export interface RotationRule {
  /** How old a key may be; undefined for as old as it gets. */
  readonly everyMs: number | undefined;
  /** Since when the present key is in use. */
  readonly sinceMs: number;
}

/** A rotation that failed is tried again after this time. */
const RETRY_MS = 60 * 60 * 1000;

/** Lets one key of an open journal follow the other. */
export class KeyRotation {
  readonly #world: World;
  readonly #writer: Sealer;
  #holder: KeyHolder;
  readonly #everyMs: number | undefined;
  #dueMs: number;
  #last: Promise<unknown> = Promise.resolve();
  #problem: SteleError | undefined;

  constructor(world: World, writer: Sealer, holder: KeyHolder, rule: RotationRule) {
    this.#world = world;
    this.#writer = writer;
    this.#holder = holder;
    this.#everyMs = rule.everyMs;
    this.#dueMs = rule.everyMs === undefined ? Infinity : rule.sinceMs + rule.everyMs;
  }

  /** Why the rule's last rotation failed; undefined when it did not. */
  get problem(): SteleError | undefined {
    return this.#problem;
  }

  /**
   * The new key is durable before the ledger names it; the old one is destroyed when that entry is
   * on stable storage. A crash leaves both until the journal is opened again.
   */
  rotate(next: Signer | undefined, reason: KeyChangeReason): Promise<Receipt> {
    const rotation = this.#last.then(() => this.#rotate(next, reason));
    this.#last = rotation.catch(() => undefined);
    return rotation;
  }

  /** Starts what is due. Cheap: called with every append. */
  tick(): void {
    if (this.#dueMs === Infinity || this.#world.clock.nowMs() < this.#dueMs) return;
    this.#dueMs = Infinity;
    this.rotate(undefined, "aged").then(
      () => this.#schedule(this.#everyMs!, undefined),
      (error: unknown) => this.#schedule(RETRY_MS, error as SteleError),
    );
  }

  /** Resolves when no rotation is under way. */
  async settled(): Promise<void> {
    await this.#last;
  }

  #schedule(inMs: number, problem: SteleError | undefined): void {
    this.#dueMs = this.#world.clock.nowMs() + inMs;
    this.#problem = problem;
  }

  async #rotate(next: Signer | undefined, reason: KeyChangeReason): Promise<Receipt> {
    const { signer, file } = this.#holder;
    const { type, name } = signer.key;
    if (type !== "ed25519") {
      const message = "a journal that is sealed with a secret keeps it for ever";
      throw new SteleError("OPTION_INVALID", message);
    }
    if (next) {
      const checked = checkedSigner(this.#world.primitives, next);
      const receipt = await this.#writer.changeSigner(checked, reason);
      this.#holder = { signer: checked, file: undefined };
      await file?.destroy();
      return receipt;
    }
    if (!file) {
      throw new SteleError("KEY_NOT_KEPT", "the journal's key is not in a file that Stele keeps");
    }
    const successor = keySigner(this.#world, await file.prepare(name));
    const receipt = await this.#writer.changeSigner(successor, reason);
    this.#holder = { signer: successor, file };
    await file.adopt();
    return receipt;
  }
}
