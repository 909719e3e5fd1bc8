import type { Signer, SigningKey } from "@stele/core/key";
import { openJournal, type Journal, type OpenOptions } from "@stele/journal";
import { createJournalFiles, type World } from "@stele/store";
import { SeededRandom, SimulatedClock } from "@stele/store/testing";
import { primitives, signerOf, testKey } from "./key.ts";
import { MemoryDisk } from "./memory-disk.ts";

/** Where journals on a MemoryDisk lie. */
export const DIRECTORY = "/journal";

const seen = new Map<string, boolean>();

/**
 * Node's primitives, which check no signature twice: mangling checks the same ones thousands of
 * times.
 */
const remembering: World["primitives"] = {
  ...primitives,
  verify(publicKey, message, signature) {
    const name = [publicKey, message, signature]
      .map((bytes) => Buffer.from(bytes).toString("latin1"))
      .join("|");
    const known = seen.get(name) ?? primitives.verify(publicKey, message, signature);
    seen.set(name, known);
    return known;
  },
};

/** A world on this disk, with a clock and randomness that are the same in every run. */
export function memoryWorld(disk: MemoryDisk): World {
  const random = new SeededRandom(1);
  return { disk, clock: new SimulatedClock(), random, primitives: remembering };
}

/** An empty journal on a disk of its own. */
export async function newMemoryJournal(
  options: { readonly segmentBytes?: number; readonly key?: SigningKey } = {},
): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { segmentBytes, key = testKey() } = options;
  await createJournalFiles(memoryWorld(disk), DIRECTORY, { signer: signerOf(key), segmentBytes });
  return disk;
}

/** Opens the journal on the disk for appending. */
export async function openInMemory(disk: MemoryDisk, options: OpenOptions = {}): Promise<Journal> {
  const signer: Signer = signerOf(testKey());
  return openJournal(DIRECTORY, { world: memoryWorld(disk), signer, ...options });
}
