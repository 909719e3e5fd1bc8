import { setTimeout } from "node:timers/promises";
import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import {
  formatSigningKey,
  formatVerifierKey,
  isKeyName,
  parseSigningKey,
  parseVerifierKey,
  signingKey,
  type Primitives,
  type SigningKey,
  type VerifierKey,
} from "@stele/core/key";
import { readFileIfAny, replaceFile, type Disk, type DiskLock, type World } from "@stele/store";
import { machineWorld, nodeEd25519, nodeHasher, readSecret, writeSecret } from "@stele/store/node";
import { parseLogList } from "./log-list.ts";

// Where things lie in a witness's directory (spec/witness.md section 4).

const KEY = "key";
export const LOGS = "logs";
export const LOCK = "lock";
/** Held while `logs` is changed: the server holds the other one. */
const LOGS_LOCK = "logs.lock";
export const CHECKPOINTS = "checkpoints";
export const EVIDENCE = "evidence";

/** How often, and how long, one who adds a log waits for another who does. */
const LOCK_TRIES = 100;
const LOCK_RETRY_MS = 50;
/** Of a seed of Ed25519. */
const SEED_BYTES = 32;

/**
 * Makes a witness with a key of its own, which never leaves the directory, and returns its vkey.
 * Durable when it resolves. Throws WITNESS_EXISTS, OPTION_INVALID.
 */
export async function createWitness(directory: string, name: string): Promise<string> {
  if (!isKeyName(name)) {
    const message = `a witness's name has 1 to 255 printable ASCII characters without space and +`;
    throw new SteleError("OPTION_INVALID", `${message}, not ${JSON.stringify(name)}`);
  }
  await using machine = usingMachine();
  const { primitives, random, disk } = machine.world;
  const key = signingKey(primitives, name, random.bytes(SEED_BYTES), "cosignature");
  for (const part of [CHECKPOINTS, EVIDENCE]) await disk.makeDirectory(`${directory}/${part}`);
  await disk.syncDirectory(`${directory}/..`);
  // Last, so that whatever has a key is whole; it syncs the directory too.
  await writeSecret(`${directory}/${KEY}`, utf8(`${formatSigningKey(key)}\n`)).catch(
    (error: unknown) => refuseSecond(directory, error),
  );
  return formatVerifierKey(key);
}

function refuseSecond(directory: string, error: unknown): never {
  if (!(error instanceof SteleError) || error.code !== "KEY_EXISTS") throw error;
  throw new SteleError("WITNESS_EXISTS", `there is a witness in ${directory} already`, {
    cause: error,
  });
}

/** The witness's key. Throws WITNESS_MISSING when the directory has none, KEY_MALFORMED. */
export async function readWitnessKey(
  primitives: Primitives,
  directory: string,
): Promise<SigningKey> {
  const path = `${directory}/${KEY}`;
  const bytes = await readSecret(path);
  if (bytes) return parseSigningKey(primitives, (decodeUtf8(bytes) ?? "").trim(), ["cosignature"]);
  throw new SteleError("WITNESS_MISSING", `there is no witness in ${directory}`, { path });
}

/** The witness's vkey. Throws WITNESS_MISSING, KEY_MALFORMED. */
export async function witnessPublicKey(directory: string): Promise<string> {
  return formatVerifierKey(await readWitnessKey({ ...nodeHasher, ...nodeEd25519 }, directory));
}

/**
 * Adds a log's key to the list of those that the witness watches, and returns the origin. A log
 * may have several keys, as journals rotate theirs. A running server sees it with its next request.
 * Durable when it resolves. Throws WITNESS_MISSING, WITNESS_LOCKED when others add logs all the
 * time, KEY_MALFORMED.
 */
export async function addLog(directory: string, vkey: string): Promise<string> {
  await using machine = usingMachine();
  const { disk, primitives } = machine.world;
  await readWitnessKey(primitives, directory);
  const key = parseVerifierKey(primitives, vkey, ["ed25519"]);
  const lock = await lockPatiently(disk, `${directory}/${LOGS_LOCK}`);
  try {
    await addTo({ disk, primitives }, directory, key);
  } finally {
    await lock.release();
  }
  return key.name;
}

/** Of two who add at once, the second would write what the first had not. */
async function lockPatiently(disk: Disk, path: string): Promise<DiskLock> {
  for (let tries = 1; ; tries++) {
    try {
      return await disk.lock(path);
    } catch (error) {
      if (!(error instanceof SteleError) || error.code !== "JOURNAL_LOCKED") throw error;
      const fix = "let the other one end, then add the key again";
      const cause = { path, fix, cause: error };
      if (tries === LOCK_TRIES) throw new SteleError("WITNESS_LOCKED", error.message, cause);
      await setTimeout(LOCK_RETRY_MS);
    }
  }
}

async function addTo(
  { disk, primitives }: Pick<World, "disk" | "primitives">,
  directory: string,
  key: VerifierKey,
): Promise<void> {
  const path = `${directory}/${LOGS}`;
  const before = (await readFileIfAny(disk, path)) ?? new Uint8Array();
  const known = parseLogList(primitives, before, path).get(key.name) ?? [];
  if (known.some(({ keyId }) => keyId === key.keyId)) return;
  const text = decodeUtf8(before) ?? "";
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  await replaceFile(disk, directory, LOGS, utf8(`${text}${gap}${formatVerifierKey(key)}\n`));
}

function usingMachine(): AsyncDisposable & { readonly world: World } {
  const world = machineWorld();
  return { world, [Symbol.asyncDispose]: async () => world.disk.close() };
}
