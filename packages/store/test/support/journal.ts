import { encodeEvent } from "@stele/core/event";
import { signingKey, type Primitives, type Signer } from "@stele/core/key";
import {
  createJournalFiles,
  openForAppending,
  readManifest,
  type OpenJournal,
  type Writer,
  type World,
} from "@stele/store";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import { LedgerReader } from "@stele/store/reading";
import { SeededRandom, SimulatedClock, SimulatedDisk } from "@stele/store/testing";

const primitives: Primitives = { ...nodeHasher, ...nodeEd25519 };
const key = signingKey(primitives, "tests.example/store", new Uint8Array(32).fill(3));
const signer: Signer = { key, sign: (message) => primitives.sign(key.seed, message) };

/** Where the journal lies on its disk. */
export const DIRECTORY = "/journal";

/** A world on this disk. */
function worldOf(disk: SimulatedDisk): World {
  return { disk, clock: new SimulatedClock(), random: new SeededRandom(1), primitives };
}

/** An empty journal on a simulated disk of its own. */
export async function newDisk(
  segmentBytes = 1024,
  directory: string = DIRECTORY,
): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await createJournalFiles(worldOf(disk), directory, { signer, segmentBytes });
  return disk;
}

/** Opens the journal on the disk for appending. */
export async function open(disk: SimulatedDisk): Promise<OpenJournal> {
  return openForAppending(worldOf(disk), DIRECTORY, async () => ({ signer }));
}

/** A reader of the journal on the disk. */
export async function reader(disk: SimulatedDisk): Promise<LedgerReader> {
  const manifest = await readManifest(disk, primitives, DIRECTORY);
  return new LedgerReader(worldOf(disk), DIRECTORY, manifest);
}

/** Appends an event. */
export async function append(
  writer: Writer,
  data: unknown = null,
  options: Parameters<Writer["append"]>[1] = {},
): ReturnType<Writer["append"]> {
  return writer.append(encodeEvent({ type: "note", data }), options);
}

/**
 * What the disk was told to do during `act`, in short: no reads, paths below the journal, segments
 * as numbers.
 */
export async function changesDuring(
  disk: SimulatedDisk,
  act: () => Promise<unknown>,
): Promise<readonly string[]> {
  const start = disk.trace.length;
  await act();
  const changes = disk.trace.slice(start).filter(({ operation }) => !READING.has(operation));
  return changes.map(({ operation, path, to }) => {
    const target = to === undefined ? "" : ` to ${short(to)}`;
    return `${operation} ${short(path)}${target}`;
  });
}

const READING = new Set(["list", "openRead", "size", "read", "close"]);

function short(path: string): string {
  if (path === DIRECTORY) return ".";
  const name = path.replace(`${DIRECTORY}/`, "").replace(/-[0-9a-f]{16}(?=\.)/, "");
  return name.replace(/[0-9]{20}/, (digits) => String(Number(digits))).replace(".jsonl", "");
}
