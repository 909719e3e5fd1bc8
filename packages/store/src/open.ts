import { SteleError } from "@stele/core/error";
import { sameKey, type Signer } from "@stele/core/key";
import type { DiskLock } from "./disk.ts";
import { join, LOCK } from "./layout.ts";
import { readManifest, type Manifest } from "./manifest.ts";
import { listPending, recoveredEvent, settle } from "./quarantine.ts";
import { recoverLedger } from "./recover.ts";
import { Writer } from "./writer.ts";
import type { World } from "./world.ts";

/** A journal that this process may append to. */
export interface OpenJournal {
  readonly manifest: Manifest;
  readonly writer: Writer;
  /** How many pieces recovery set aside, and recorded, at this opening. */
  readonly recovered: number;
  close(): Promise<void>;
}

/**
 * Takes the lock, recovers what a crash left and opens the ledger for appending. When recovery set
 * something aside, the `stele.recovered` entries are sealed and on disk before this resolves.
 * Costs one segment. Throws JOURNAL_LOCKED, JOURNAL_DAMAGED, KEY_MISMATCH and what `readManifest`
 * throws.
 */
export async function openForAppending(
  world: World,
  directory: string,
  findSigner: (manifest: Manifest) => Promise<Signer>,
): Promise<OpenJournal> {
  const manifest = await readManifest(world.disk, world.primitives, directory);
  const signer = await findSigner(manifest);
  if (!sameKey(signer.key, manifest.key)) {
    const message = `the key ${signer.key.name}+${signer.key.keyId} is not the journal's`;
    throw new SteleError("KEY_MISMATCH", message, { path: directory });
  }
  const lock = await world.disk.lock(join(directory, LOCK));
  try {
    return await openLocked(world, directory, { manifest, signer, lock });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(
  world: World,
  directory: string,
  held: { readonly manifest: Manifest; readonly signer: Signer; readonly lock: DiskLock },
): Promise<OpenJournal> {
  const { manifest, signer, lock } = held;
  const { origin, segmentBytes } = manifest;
  const open = await recoverLedger(world, directory, manifest);
  const writer = new Writer(world, signer, { directory, origin, segmentBytes, open });
  const close = async (): Promise<void> => {
    try {
      await writer.close();
    } finally {
      await lock.release();
    }
  };
  try {
    return { manifest, writer, recovered: await recordRecovery(world, directory, writer), close };
  } catch (error) {
    await writer.close();
    throw error;
  }
}

async function recordRecovery(world: World, directory: string, writer: Writer): Promise<number> {
  const pending = await listPending(world.disk, directory);
  for (const name of pending) {
    await writer.append(await recoveredEvent(world, directory, name));
    await settle(world.disk, directory, name);
  }
  return pending.length;
}
