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
} from "@stele/core/key";
import { readFileIfAny, replaceFile, type World } from "@stele/store";
import { nodeEd25519, nodeHasher, readSecret, writeSecret } from "@stele/store/node";
import { parseLogList } from "./log-list.ts";
import { thisMachine } from "./machine.ts";

// Where things lie in a witness's directory (spec/witness.md section 4).

const KEY = "key";
export const LOGS = "logs";
export const LOCK = "lock";
export const CHECKPOINTS = "checkpoints";
export const EVIDENCE = "evidence";

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
 * Durable when it resolves. Throws WITNESS_MISSING, KEY_MALFORMED.
 */
export async function addLog(directory: string, vkey: string): Promise<string> {
  await using machine = usingMachine();
  const { disk, primitives } = machine.world;
  await readWitnessKey(primitives, directory);
  const key = parseVerifierKey(primitives, vkey, ["ed25519"]);
  const path = `${directory}/${LOGS}`;
  const before = (await readFileIfAny(disk, path)) ?? new Uint8Array();
  const known = parseLogList(primitives, before, path).get(key.name) ?? [];
  if (known.some(({ keyId }) => keyId === key.keyId)) return key.name;
  const text = decodeUtf8(before) ?? "";
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  await replaceFile(disk, directory, LOGS, utf8(`${text}${gap}${formatVerifierKey(key)}\n`));
  return key.name;
}

function usingMachine(): AsyncDisposable & { readonly world: World } {
  const world = thisMachine();
  return { world, [Symbol.asyncDispose]: async () => world.disk.close() };
}
