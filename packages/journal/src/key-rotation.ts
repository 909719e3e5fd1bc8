import { SteleError } from "@stele/core/error";
import { sameKey, type Signer, type VerifierKey } from "@stele/core/key";
import type { KeyChangeReason } from "@stele/core/key-event";
import type { Receipt, World } from "@stele/store";
import type { KeyHistory } from "@stele/store/reading";
import { checkedSigner, tryOut } from "./checked-signer.ts";
import { keySigner, type KeyFile, type KeyHolder } from "./key-store.ts";
import { Problems } from "./problems.ts";

/** What a rotation asks of a journal. */
interface Rotated {
  readonly writer: { changeSigner(next: Signer, reason: KeyChangeReason): Promise<Receipt> };
  /** Its keys so far. */
  readonly history: () => Promise<KeyHistory>;
}

/** When keys are followed by others without being told. */
export interface RotationRule {
  /** How old a key may be; undefined for as old as it gets. */
  readonly everyMs: number | undefined;
  /** Since when the present key is in use. */
  readonly sinceMs: number;
  readonly onProblem?: ((problem: SteleError) => void) | undefined;
}

/** A rotation that failed is tried again after this time. */
const RETRY_MS = 60 * 60 * 1000;

/** Lets one key of an open journal follow the other. */
export class KeyRotation {
  readonly #world: World;
  readonly #journal: Rotated;
  #holder: KeyHolder;
  readonly #everyMs: number | undefined;
  /** The rule's next rotation is due so long after this time; undefined for never. */
  #sinceMs: number;
  #delayMs: number | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #problems: Problems;

  constructor(world: World, journal: Rotated, holder: KeyHolder, rule: RotationRule) {
    this.#world = world;
    this.#journal = journal;
    this.#holder = holder;
    this.#everyMs = rule.everyMs;
    this.#sinceMs = rule.sinceMs;
    this.#delayMs = rule.everyMs;
    this.#problems = new Problems(rule.onProblem);
  }

  /** Why the rule's last rotation failed; undefined when it did not. */
  get problem(): SteleError | undefined {
    return this.#problems.all[0];
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
    if (this.#delayMs === undefined) return;
    const nowMs = this.#world.clock.nowMs();
    // A clock that was set back says nothing about the key's age but that it lives on from here.
    if (nowMs < this.#sinceMs) this.#sinceMs = nowMs;
    if (nowMs < this.#sinceMs + this.#delayMs) return;
    this.#delayMs = undefined;
    this.rotate(undefined, "aged").then(
      () => this.#problems.end("key"),
      (error: unknown) => {
        this.#schedule(RETRY_MS);
        this.#problems.begin("key", error as SteleError);
      },
    );
  }

  /** Resolves when no rotation is under way. */
  async settled(): Promise<void> {
    await this.#last;
  }

  #schedule(delayMs: number | undefined): void {
    this.#sinceMs = this.#world.clock.nowMs();
    this.#delayMs = delayMs;
  }

  async #rotate(next: Signer | undefined, reason: KeyChangeReason): Promise<Receipt> {
    const { signer, file } = this.#holder;
    if (signer.key.type !== "ed25519") {
      const message = "a journal that is sealed with a secret keeps it for ever";
      throw new SteleError("OPTION_INVALID", message);
    }
    if (next) return this.#follow(await this.#checked(next), reason, () => file?.destroy());
    if (!file) {
      throw new SteleError("KEY_NOT_KEPT", "the journal's key is not in a file that Stele keeps");
    }
    const successor = keySigner(this.#world, await file.prepare(signer.key.name));
    return this.#follow(successor, reason, () => file.adopt(), file);
  }

  /** Destroys the present key only when the ledger names the next one. */
  async #follow(
    signer: Signer,
    reason: KeyChangeReason,
    destroy: () => Promise<void> | undefined,
    file?: KeyFile,
  ): Promise<Receipt> {
    const receipt = await this.#journal.writer.changeSigner(signer, reason);
    this.#holder = { signer, file };
    this.#schedule(this.#everyMs);
    try {
      await destroy();
      return receipt;
    } catch (cause) {
      throw notDestroyed(receipt, cause as SteleError);
    }
  }

  /** A signer that can sign, by a key that may follow: what the ledger names cannot be taken back. */
  async #checked(next: Signer): Promise<Signer> {
    const { name } = this.#holder.signer.key;
    const { key } = next;
    const { epochs, recoveryKey } = await this.#journal.history();
    if (key.name !== name) throw mismatch(key, `is not for ${name}`);
    if (key.type !== "ed25519") throw mismatch(key, "is not an Ed25519 key");
    const used = [...epochs.map((epoch) => epoch.key), ...(recoveryKey ? [recoveryKey] : [])];
    if (used.some((one) => sameKey(one, key))) throw mismatch(key, "was used before");
    const checked = checkedSigner(this.#world.primitives, next);
    await tryOut(checked);
    return checked;
  }
}

function mismatch({ name, keyId }: VerifierKey, reason: string): SteleError {
  const message = `the next key, ${name}+${keyId}, ${reason}`;
  const fix = "give a new Ed25519 key of the journal's name";
  return new SteleError("KEY_MISMATCH", message, { fix });
}

function notDestroyed({ seq }: Receipt, cause: SteleError): SteleError {
  const { code, message, fix, path } = cause;
  const what = `the new key seals from entry ${seq + 1} on, but the old one was not destroyed`;
  return new SteleError(code, `${what}: ${message}`, { seq, fix, cause, ...(path && { path }) });
}
