import { SteleError } from "@stele/core/error";
import { sameKey, type Signer, type VerifierKey } from "@stele/core/key";
import type { KeyChangeReason } from "@stele/core/key-event";
import type { DiskLock } from "./disk.ts";
import { readKeyHistory } from "./epochs.ts";
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
  /** Closes the writer, then does the `last` thing, then releases the lock. */
  close(last?: () => Promise<void>): Promise<void>;
}

/** What a journal's keys are, as far as can be read without checking them. */
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

/**
 * Takes the lock, recovers what a crash left and opens the ledger for appending. When recovery set
 * something aside, the `stele.recovered` entries are sealed and on disk before this resolves.
 * Costs one segment. Throws JOURNAL_LOCKED, JOURNAL_DAMAGED, KEY_MISMATCH and what `readManifest`
 * throws.
 */
export async function openForAppending(
  world: World,
  directory: string,
  findSealing: (keys: PresentKeys) => Promise<Sealing>,
): Promise<OpenJournal> {
  const manifest = await readManifest(world.disk, world.primitives, directory);
  // Before anything is touched: without its key a journal is not opened.
  const { epochs, recoveryKey } = await readKeyHistory(world, directory, manifest.key);
  const { key, first: since } = epochs.at(-1)!;
  const sealing = await findSealing({ manifest, key, since, recoveryKey });
  requireSigner(sealing, { key, recoveryKey });
  const lock = await world.disk.lock(join(directory, LOCK));
  try {
    return await openLocked(world, directory, { manifest, sealing, lock });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(
  world: World,
  directory: string,
  held: { readonly manifest: Manifest; readonly sealing: Sealing; readonly lock: DiskLock },
): Promise<OpenJournal> {
  const { sealing, lock } = held;
  const { signer, next } = sealing;
  // The manifest has no secret, without which an HMAC key verifies nothing.
  const isSecret = held.manifest.key.type === "hmac-sha256";
  const manifest = isSecret ? { ...held.manifest, key: signer.key } : held.manifest;
  const { origin, segmentBytes } = manifest;
  const open = await recoverLedger(world, directory, manifest);
  requireSigner(sealing, open);
  const writer = new Writer(world, signer, { directory, origin, segmentBytes, open });
  const close = async (last?: () => Promise<void>): Promise<void> => {
    try {
      await writer.close();
      await last?.();
    } finally {
      await lock.release();
    }
  };
  try {
    if (next) await writer.changeSigner(next.signer, next.reason);
    return { manifest, writer, recovered: await recordRecovery(world, directory, writer), close };
  } catch (error) {
    await writer.close();
    throw error;
  }
}

function requireSigner(
  { signer, next }: Sealing,
  keys: Pick<PresentKeys, "key" | "recoveryKey">,
): void {
  const wanted = next?.reason === "lost" ? keys.recoveryKey : keys.key;
  if (wanted && sameKey(signer.key, wanted)) return;
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
