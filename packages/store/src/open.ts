import { SteleError } from "@stele/core/error";
import { sameKey, type Signer, type VerifierKey } from "@stele/core/key";
import type { KeyChangeReason } from "@stele/core/key-event";
import type { DiskLock } from "./disk.ts";
import { join, LOCK } from "./layout.ts";
import { readManifest, type Manifest } from "./manifest.ts";
import { completePruning } from "./prune.ts";
import { listPending, recoveredEvent, settle } from "./quarantine.ts";
import { examineLedger, recoverLedger } from "./recover.ts";
import { TileKeeper } from "./tile-keeper.ts";
import { Writer } from "./writer.ts";
import type { World } from "./world.ts";

/** A journal that this process may append to. */
export interface OpenJournal {
  readonly manifest: Manifest;
  readonly writer: Writer;
  readonly tiles: TileKeeper;
  /** How many pieces recovery set aside, and recorded, at this opening. */
  readonly recovered: number;
  /** Closes the writer, then does the `last` thing, then releases the lock. */
  close(last?: () => Promise<void>): Promise<void>;
}

/** A journal's keys. */
export interface PresentKeys {
  readonly manifest: Manifest;
  /** What the next seal must be by. */
  readonly key: VerifierKey;
  /** The `seq` of the first entry that it seals. */
  readonly since: number;
  readonly recoveryKey: VerifierKey | undefined;
}

/** What a journal is sealed with. */
export interface Sealing {
  /** Of the present key; of the recovery key when `next` says that the present one was lost. */
  readonly signer: Signer;
  /** Ends the key's epoch before anything else is appended. */
  readonly next?: { readonly signer: Signer; readonly reason: KeyChangeReason };
}

/** Finds what seals for these keys; the journal's lock is held. */
export type FindSealing = (keys: PresentKeys) => Promise<Sealing>;

/**
 * Takes the lock, finds what seals, recovers what a crash left and opens the ledger for appending.
 * When recovery set something aside, the `stele.recovered` entries are sealed and on disk before
 * this resolves. Costs one segment. Throws JOURNAL_LOCKED, JOURNAL_DAMAGED, KEY_MISMATCH and what
 * `readManifest` throws.
 */
export async function openForAppending(
  world: World,
  directory: string,
  findSealing: FindSealing,
): Promise<OpenJournal> {
  const manifest = await readManifest(world.disk, world.primitives, directory);
  const lock = await world.disk.lock(join(directory, LOCK));
  try {
    return await openLocked(world, directory, { manifest, findSealing, lock });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(
  world: World,
  directory: string,
  held: {
    readonly manifest: Manifest;
    readonly findSealing: FindSealing;
    readonly lock: DiskLock;
  },
): Promise<OpenJournal> {
  const { findSealing, lock } = held;
  const manifest = await withSecret(held.manifest, findSealing);
  const examined = await examineLedger(world, directory, manifest);
  // Before anything is changed: without its key a journal is not opened.
  const { signer, next } = await find(findSealing, { manifest, ...examined });
  const open = await recoverLedger(world, directory, examined);
  await completePruning(world, directory);
  const { origin, segmentBytes } = manifest;
  const tiles = new TileKeeper(world, directory, open.end.sealedSize);
  const writer = new Writer(world, signer, { directory, origin, segmentBytes, open, tiles });
  const close = async (last?: () => Promise<void>): Promise<void> => {
    try {
      await writer.close();
      await last?.();
    } finally {
      await tiles.close();
      await lock.release();
    }
  };
  try {
    if (next) await writer.changeSigner(next.signer, next.reason);
    const recovered = await recordRecovery(world, directory, writer);
    return { manifest, writer, tiles, recovered, close };
  } catch (error) {
    await writer.close();
    await tiles.close();
    throw error;
  }
}

/** The manifest has no secret, without which an HMAC key verifies nothing. */
async function withSecret(manifest: Manifest, findSealing: FindSealing): Promise<Manifest> {
  const { key } = manifest;
  if (key.type !== "hmac-sha256") return manifest;
  const { signer } = await find(findSealing, { manifest, key, since: 0, recoveryKey: undefined });
  return { ...manifest, key: signer.key };
}

async function find(
  findSealing: FindSealing,
  { manifest, key, since, recoveryKey }: PresentKeys,
): Promise<Sealing> {
  const sealing = await findSealing({ manifest, key, since, recoveryKey });
  const { signer, next } = sealing;
  const wanted = next?.reason === "lost" ? recoveryKey : key;
  if (wanted && sameKey(signer.key, wanted)) return sealing;
  const needed = wanted ? `needs ${wanted.name}+${wanted.keyId}` : "names no recovery key";
  const message = `the key is ${signer.key.name}+${signer.key.keyId}, the journal ${needed}`;
  throw new SteleError("KEY_MISMATCH", message);
}

async function recordRecovery(world: World, directory: string, writer: Writer): Promise<number> {
  const pending = await listPending(world.disk, directory);
  for (const name of pending) {
    await writer.append(await recoveredEvent(world, directory, name));
    await settle(world.disk, directory, name);
  }
  return pending.length;
}
