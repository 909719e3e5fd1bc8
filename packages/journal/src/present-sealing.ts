import type { Signer, VerifierKey } from "@stele/core/key";
import type { OpenJournal, PresentKeys, Sealing, World } from "@stele/store";
import { checkedSigner } from "./checked-signer.ts";
import { KeyRotation } from "./key-rotation.ts";
import {
  findKey,
  keyFileFor,
  keySigner,
  readKeyFile,
  type Environment,
  type KeyHolder,
} from "./key-store.ts";
import type { JournalReader } from "./reading.ts";

/** What an opening says about keys. */
interface KeyOptions {
  readonly signer?: Signer | ((present: VerifierKey) => Signer | Promise<Signer>) | undefined;
  readonly recoveryKeyPath?: string | undefined;
  readonly environment?: Environment | undefined;
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

  /** What lets other keys follow the one that was found, by the manifest's rule too. */
  async rotation(open: OpenJournal, reader: JournalReader): Promise<KeyRotation> {
    const { writer, manifest } = open;
    const { file, signer } = this.#holder!;
    const isNew = this.#options.recoveryKeyPath !== undefined;
    if (isNew) await file!.adopt();
    const everyMs = manifest.rotateKeyEveryMs;
    const hasRule = everyMs !== undefined && !isNew;
    const sinceMs = hasRule ? await this.#sinceMs(open, reader) : this.#world.clock.nowMs();
    return new KeyRotation(this.#world, writer, { signer, file }, { everyMs, sinceMs });
  }

  /** The recovery key seals that the present one was lost, and names one that Stele makes. */
  async #replace(present: PresentKeys, recoveryKeyPath: string): Promise<Sealing> {
    const recovery = await readKeyFile(this.#world, recoveryKeyPath);
    const file = keyFileFor(this.#world, present.manifest, this.#options.environment);
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
