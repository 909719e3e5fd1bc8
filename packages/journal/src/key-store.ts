import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import {
  formatSigningKey,
  parseSigningKey,
  sameKey,
  signingKey,
  signWith,
  type KeyType,
  type Signer,
  type SigningKey,
  type VerifierKey,
} from "@stele/core/key";
import type { Manifest, PresentKeys, World } from "@stele/store";
import {
  readSecret,
  removeSecret,
  replaceSecret,
  secretsDirectory,
  writeSecret,
} from "@stele/store/node";
import { commandSigner } from "./command-signer.ts";

// Private keys never lie in a journal's directory. They are found, in this order: behind the
// command STELE_SIGNER, in STELE_KEY (the key itself), in STELE_KEY_FILE (a path), or in the user's
// configuration directory.

/** Environment variables, such as process.env. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What seals a journal, and how its key is followed by another. */
export interface KeyHolder {
  readonly signer: Signer;
  /** Undefined where Stele does not keep the key. */
  readonly file: KeyFile | undefined;
}

const SEED_BYTES = 32;
/** Ends the name of a key that waits for its epoch. */
const NEXT = ".next";

/** A new key under this name, from the world's randomness. */
export function generateKey(world: World, name: string, type: KeyType = "ed25519"): SigningKey {
  return signingKey(world.primitives, name, world.random.bytes(SEED_BYTES), type);
}

/** Signs with a key in memory. */
export function keySigner({ primitives }: World, key: SigningKey): Signer {
  return { key, sign: (message) => signWith(primitives, key, message) };
}

/**
 * Keeps the key at the path, or in the user's configuration directory, mode 0600; durable when it
 * resolves. Returns its path. Throws KEY_EXISTS.
 */
export async function saveKey(key: SigningKey, path: string = defaultPath(key)): Promise<string> {
  await writeSecret(path, utf8(`${formatSigningKey(key)}\n`));
  return path;
}

/** Takes back `saveKey`. */
export async function removeKey(path: string): Promise<void> {
  await removeSecret(path);
}

/** What can seal for the journal's present key. Throws KEY_MISSING, KEY_MALFORMED, KEY_MISMATCH. */
export async function findKey(
  world: World,
  { manifest, key }: Pick<PresentKeys, "manifest" | "key">,
  environment: Environment,
): Promise<KeyHolder> {
  // A command signs with a key pair; what an HMAC journal needs is the secret itself.
  const command = key.type === "ed25519" && environment["STELE_SIGNER"];
  if (command) return { signer: commandSigner(world, key, command), file: undefined };
  const given = environment["STELE_KEY"];
  if (given) {
    const found = requireKey(parse(world, given), key, "STELE_KEY");
    return { signer: keySigner(world, found), file: undefined };
  }
  const file = keyFileFor(world, manifest, environment);
  return { signer: keySigner(world, await file.find(key)), file };
}

/** Where Stele keeps the journal's key: STELE_KEY_FILE, or in the configuration directory. */
export function keyFileFor(
  world: World,
  manifest: Manifest,
  environment: Environment = process.env,
): KeyFile {
  return new KeyFile(world, environment["STELE_KEY_FILE"] || defaultPath(manifest.key));
}

/** The private key in the file. Throws KEY_MISSING, KEY_MALFORMED. */
export async function readKeyFile(world: World, path: string): Promise<SigningKey> {
  const bytes = await readSecret(path);
  if (bytes) return parse(world, decodeUtf8(bytes) ?? "");
  throw new SteleError("KEY_MISSING", `there is no signing key at ${path}`, { path });
}

/**
 * A file that holds a journal's present key. While one key follows another, the new one waits
 * beside it in a file whose name ends in `.next`: from before the ledger names it until the old one
 * is destroyed, so that after a crash either is found by which one the ledger asks for. To be used
 * under the journal's lock.
 */
export class KeyFile {
  readonly #world: World;
  readonly #path: string;
  /** The key that waits, if it was made here; the ledger may name it already. */
  #prepared: SigningKey | undefined;
  /** Whether the ledger names the key that waits: from then on it is the only one that counts. */
  #isNamed = false;

  constructor(world: World, path: string) {
    this.#world = world;
    this.#path = path;
  }

  /** The wanted key. Changes nothing: see `settle`. */
  async find(wanted: VerifierKey): Promise<SigningKey> {
    const next = await readSecret(this.#path + NEXT);
    const waiting = next && parseIfKey(this.#world, next);
    if (waiting && sameKey(waiting, wanted)) {
      this.#isNamed = true;
      return waiting;
    }
    const bytes = await readSecret(this.#path);
    if (bytes) return requireKey(parse(this.#world, decodeUtf8(bytes) ?? ""), wanted, this.#path);
    const message = `there is no signing key for ${wanted.name} at ${this.#path}`;
    throw new SteleError("KEY_MISSING", message, { path: this.#path });
  }

  /**
   * Makes the next key, durable when it resolves. One that an earlier opening made and no entry
   * came to name is destroyed; one that was made here comes again, since it is not known whether
   * the ledger names it.
   */
  async prepare(name: string): Promise<SigningKey> {
    await this.settle();
    if (this.#prepared) return this.#prepared;
    await removeSecret(this.#path + NEXT);
    const key = generateKey(this.#world, name);
    await saveKey(key, this.#path + NEXT);
    this.#prepared = key;
    return key;
  }

  /** The ledger names the prepared key: destroys the old one and puts this in its place. */
  async adopt(): Promise<void> {
    this.#isNamed = true;
    await this.settle();
  }

  /** Ends a change that was interrupted behind the entry that names the new key. */
  async settle(): Promise<void> {
    if (!this.#isNamed) return;
    await replaceSecret(this.#path + NEXT, this.#path);
    this.#prepared = undefined;
    this.#isNamed = false;
  }

  /** Destroys the key, and one that waits: somebody else has the next one. */
  async destroy(): Promise<void> {
    await removeSecret(this.#path + NEXT);
    await removeSecret(this.#path);
  }
}

function parse({ primitives }: World, text: string): SigningKey {
  return parseSigningKey(primitives, text.trim());
}

function parseIfKey(world: World, bytes: Uint8Array): SigningKey | undefined {
  try {
    return parse(world, decodeUtf8(bytes) ?? "");
  } catch (error) {
    if (error instanceof SteleError) return undefined;
    throw error;
  }
}

/** The key, when it is the wanted one. Throws KEY_MISMATCH. */
export function requireKey(key: SigningKey, wanted: VerifierKey, source: string): SigningKey {
  if (sameKey(key, wanted)) return key;
  const [found, needed] = [key, wanted].map(({ name, keyId }) => `${name}+${keyId}`);
  const message = `the key in ${source} is ${found}, the journal's is ${needed}`;
  throw new SteleError("KEY_MISMATCH", message);
}

/** One file a journal; the first key's id makes the name unique where two are spelt alike. */
function defaultPath(firstKey: VerifierKey): string {
  const name = firstKey.name.replaceAll(/[^A-Za-z0-9.-]/g, "_").slice(0, 100);
  return `${secretsDirectory()}/${name}+${firstKey.keyId}.key`;
}
