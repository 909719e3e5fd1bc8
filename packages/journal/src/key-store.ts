import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import {
  formatSigningKey,
  parseSigningKey,
  sameKey,
  signingKey,
  type Signer,
  type SigningKey,
  type VerifierKey,
} from "@stele/core/key";
import type { World } from "@stele/store";
import { readSecret, removeSecret, secretsDirectory, writeSecret } from "@stele/store/node";

// Private keys never lie in a journal's directory. They are found, in this order, in STELE_KEY
// (the key itself), STELE_KEY_FILE (a path), or the user's configuration directory.

const SEED_BYTES = 32;

/** A new Ed25519 key under this name, from the world's randomness. */
export function generateKey(world: World, name: string): SigningKey {
  return signingKey(world.primitives, name, world.random.bytes(SEED_BYTES));
}

/**
 * Keeps the key in the user's configuration directory, mode 0600; durable when it resolves.
 * Returns its path.
 */
export async function saveKey(key: SigningKey): Promise<string> {
  const path = keyPath(key);
  await writeSecret(path, utf8(`${formatSigningKey(key)}\n`));
  return path;
}

/** Takes back `saveKey`. */
export async function removeKey(path: string): Promise<void> {
  await removeSecret(path);
}

/**
 * The private key that belongs to the verifier key. Throws KEY_MISSING, KEY_MALFORMED,
 * KEY_MISMATCH.
 */
export async function findKey(
  world: World,
  wanted: VerifierKey,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Signer> {
  const { text, source } = await keyText(wanted, environment);
  const key = parseSigningKey(world.primitives, text.trim());
  if (!sameKey(key, wanted)) {
    const [found, needed] = [key, wanted].map(({ name, keyId }) => `${name}+${keyId}`);
    const message = `the key in ${source} is ${found}, the journal's is ${needed}`;
    throw new SteleError("KEY_MISMATCH", message);
  }
  return { key, sign: (message) => world.primitives.sign(key.seed, message) };
}

async function keyText(
  wanted: VerifierKey,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly text: string; readonly source: string }> {
  const given = environment["STELE_KEY"];
  if (given) return { text: given, source: "STELE_KEY" };
  const path = environment["STELE_KEY_FILE"] || keyPath(wanted);
  const bytes = await readSecret(path);
  if (bytes) return { text: decodeUtf8(bytes) ?? "", source: path };
  throw new SteleError("KEY_MISSING", `there is no signing key for ${wanted.name} at ${path}`, {
    path,
  });
}

/** One file a key; the id makes the name unique where two origins are spelt alike. */
function keyPath(key: VerifierKey): string {
  const name = key.name.replaceAll(/[^A-Za-z0-9.-]/g, "_").slice(0, 100);
  return `${secretsDirectory()}/${name}+${key.keyId}.key`;
}
