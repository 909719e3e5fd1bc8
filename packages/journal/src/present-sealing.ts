import { SteleError } from "@stele/core/error";
import type { Signer, VerifierKey } from "@stele/core/key";
import type { OpenJournal, PresentKeys, Sealing, World } from "@stele/store";
import { readKeyHistory } from "@stele/store/reading";
import { checkedSigner } from "./checked-signer.ts";
import { KeyRotation } from "./key-rotation.ts";
import {
  findKey,
  keyFileFor,
  keySigner,
  readKeyFile,
  requireKey,
  type Environment,
  type KeyHolder,
} from "./key-store.ts";
import type { JournalReader } from "./reading.ts";

/** What an opening says about keys. */
interface KeyOptions {
  readonly signer?: Signer | ((present: VerifierKey) => Signer | Promise<Signer>) | undefined;
  readonly recoveryKeyPath?: string | undefined;
  readonly environment?: Environment | undefined;
  readonly onProblem?: ((problem: SteleError) => void) | undefined;
}

/** Finds what a journal is sealed with when it is opened, and keeps it for rotations. */
export class PresentSealing {
  readonly #world: World;
  readonly #options: KeyOptions;
  #holder: KeyHolder | undefined;
  #since = 0;

  constructor(world: World, options: KeyOptions) {
    this.#world = world;
    this.#options = options;
  }

  /** What seals now. Throws KEY_ codes. */
  async find(present: PresentKeys): Promise<Sealing> {
    const { signer, recoveryKeyPath, environment = process.env } = this.#options;
    this.#since = present.since;
    if (recoveryKeyPath !== undefined) return this.#replace(present, recoveryKeyPath);
    const given = typeof signer === "function" ? await signer(present.key) : signer;
    this.#holder = given
      ? { signer: checkedSigner(this.#world.primitives, given), file: undefined }
      : await findKey(this.#world, present, environment);
    return { signer: this.#holder.signer };
  }

  /**
   * What lets other keys follow the one that was found, by the manifest's rule too. By now what the
   * ledger says of keys is on stable storage, so the key before can be destroyed.
   */
  async rotation(
    directory: string,
    open: OpenJournal,
    reader: JournalReader,
  ): Promise<KeyRotation> {
    const { writer, manifest } = open;
    const { file, signer } = this.#holder!;
    const isNew = this.#options.recoveryKeyPath !== undefined;
    if (isNew) await file!.adopt();
    else await file?.settle();
    const everyMs = manifest.rotateKeyEveryMs;
    const hasRule = everyMs !== undefined && !isNew;
    const sinceMs = hasRule ? await this.#sinceMs(open, reader) : this.#world.clock.nowMs();
    const history = () => readKeyHistory(this.#world, directory, manifest.key);
    const { onProblem } = this.#options;
    const rule = { everyMs, sinceMs, onProblem };
    return new KeyRotation(this.#world, { writer, history }, { signer, file }, rule);
  }

  /** The recovery key seals that the present one was lost, and names one that Stele makes. */
  async #replace(present: PresentKeys, recoveryKeyPath: string): Promise<Sealing> {
    const { recoveryKey } = present;
    if (!recoveryKey) throw new SteleError("KEY_MISMATCH", "the journal names no recovery key");
    const given = await readKeyFile(this.#world, recoveryKeyPath);
    const recovery = requireKey(given, recoveryKey, recoveryKeyPath);
    const file = keyFileFor(this.#world, present.manifest, this.#options.environment);
    // If the present key is there after all, it is not destroyed before the ledger names the next.
    await file.find(present.key).catch(() => undefined);
    const signer = keySigner(this.#world, await file.prepare(present.manifest.origin));
    this.#holder = { signer, file };
    return { signer: keySigner(this.#world, recovery), next: { signer, reason: "lost" } };
  }

  /** The time of the entry that named the key; of the first one, when the journal was made. */
  async #sinceMs({ manifest }: OpenJournal, reader: JournalReader): Promise<number> {
    const time =
      this.#since === 0 ? (manifest.created ?? "") : (await reader.get(this.#since - 1)).time;
    return Date.parse(time) || 0;
  }
}
