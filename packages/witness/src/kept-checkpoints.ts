import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { parseCheckpoint, type Checkpoint } from "@stele/core/checkpoint";
import { verifyCosignatures } from "@stele/core/cosignature";
import { SteleError } from "@stele/core/error";
import type { VerifierKey } from "@stele/core/key";
import { parseNote } from "@stele/core/note";
import { readFileIfAny, replaceFile, type World } from "@stele/store";
import { orUndefined } from "@stele/store/reading";
import type { WatchedLogs } from "./log-list.ts";
import { signaturesOf } from "./log-signatures.ts";
import { CHECKPOINTS } from "./state.ts";

/** The newest checkpoint of a log that the witness signed. */
export interface Kept {
  readonly checkpoint: Checkpoint;
  /** With the log's signatures and the witness's own. */
  readonly note: string;
}

/** What the witness must not forget: the newest checkpoint of each log, in a file for each. */
export class KeptCheckpoints {
  readonly #world: World;
  readonly #directory: string;
  /** By the file's name, which is the hash of the origin. */
  readonly #kept: Map<string, Kept>;

  private constructor(world: World, directory: string, kept: Map<string, Kept>) {
    this.#world = world;
    this.#directory = directory;
    this.#kept = kept;
  }

  /**
   * Reads and checks them all. Throws WITNESS_DAMAGED for one that this witness has not signed,
   * that is under another log's name, or that a log's key in the list did not sign.
   */
  static async open(
    world: World,
    state: string,
    { key, logs }: { readonly key: VerifierKey; readonly logs: WatchedLogs },
  ): Promise<KeptCheckpoints> {
    const directory = `${state}/${CHECKPOINTS}`;
    const kept = new Map<string, Kept>();
    const names = await orUndefined(world.disk.list(directory));
    if (!names) throw damaged(directory, "it is missing");
    for (const name of names) {
      // Anything else is a file that was not finished, or none of ours.
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const path = `${directory}/${name}`;
      const untrusted = (await readFileIfAny(world.disk, path)) ?? new Uint8Array();
      const entry = readKept(world, { key, logs }, untrusted, path);
      if (hashOf(world, entry.checkpoint.origin) !== name) throw damaged(path, "another log's");
      kept.set(name, entry);
    }
    return new KeptCheckpoints(world, directory, kept);
  }

  /** The newest of the log, or undefined when none was signed. */
  of(origin: string): Kept | undefined {
    return this.#kept.get(hashOf(this.#world, origin));
  }

  /** `of` the log whose origin has this SHA-256, in hex. */
  byHash(originHash: string): Kept | undefined {
    return this.#kept.get(originHash);
  }

  /** Replaces the log's checkpoint. Durable when it resolves: only then may the signature leave. */
  async replace(kept: Kept): Promise<void> {
    const name = hashOf(this.#world, kept.checkpoint.origin);
    await replaceFile(this.#world.disk, this.#directory, name, utf8(kept.note));
    this.#kept.set(name, kept);
  }

  /** Keeps a newer signature under the same checkpoint, in memory: it says nothing new. */
  refresh(kept: Kept): void {
    this.#kept.set(hashOf(this.#world, kept.checkpoint.origin), kept);
  }
}

/** The name under which a log's things are kept and served: SHA-256 of its origin, in hex. */
export function hashOf({ primitives }: Pick<World, "primitives">, origin: string): string {
  return primitives.sha256(utf8(origin));
}

function readKept(
  { primitives }: World,
  { key, logs }: { readonly key: VerifierKey; readonly logs: WatchedLogs },
  untrusted: Uint8Array,
  path: string,
): Kept {
  try {
    const note = parseNote(untrusted);
    const checkpoint = parseCheckpoint(note.text);
    const isOwn = verifyCosignatures(primitives, note, [key]).length > 0;
    if (!isOwn) throw damaged(path, "not signed by this witness");
    const keys = logs.get(checkpoint.origin);
    if (keys && !signaturesOf(primitives, note, keys)) {
      throw damaged(path, `not signed by a key of ${checkpoint.origin} in the list of logs`);
    }
    return { checkpoint, note: decodeUtf8(untrusted)! };
  } catch (error) {
    if (!(error instanceof SteleError) || error.code === "WITNESS_DAMAGED") throw error;
    throw damaged(path, error.message, error);
  }
}

function damaged(path: string, reason: string, cause?: unknown): SteleError {
  return new SteleError("WITNESS_DAMAGED", `${path}: ${reason}`, { path, cause });
}
