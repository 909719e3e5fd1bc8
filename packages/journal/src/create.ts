import { resolve, sep } from "node:path";
import { SteleError } from "@stele/core/error";
import {
  formatVerifierKey,
  isKeyName,
  parseSigningKey,
  parseVerifierKey,
  type KeyType,
  type Signer,
} from "@stele/core/key";
import { createJournalFiles, type World } from "@stele/store";
import { tryOut } from "./checked-signer.ts";
import { commandSigner } from "./command-signer.ts";
import { generateKey, keySigner, removeKey, saveKey, type Environment } from "./key-store.ts";
import { thisMachine } from "./world.ts";

/** How a new journal is made. */
export interface CreateOptions {
  /**
   * The journal's name, for ever: best a URL without a scheme, such as `acme.example/agents`.
   * Default: `stele.local/`, the directory's name and eight random hex digits.
   */
  readonly origin?: string | undefined;
  /** A segment that has reached this size is followed by a new one. Default 16 MiB. */
  readonly segmentBytes?: number | undefined;
  /**
   * `ed25519` (default), or `hmac-sha256` for closed systems: commits are sealed with a secret, and
   * whoever can check the journal could also forge it. Such a key is never followed by another.
   */
  readonly keyType?: Exclude<KeyType, "cosignature"> | undefined;
  /** Also makes a recovery key, in this file, to be kept elsewhere for when the key is lost. */
  readonly recoveryKeyPath?: string | undefined;
  /** When a key is so many milliseconds old, another follows it. Default: never; at least 60,000. */
  readonly rotateKeyEveryMs?: number | undefined;
  /** The vkey of the signer behind STELE_SIGNER. */
  readonly publicKey?: string | undefined;
  /** Where STELE_KEY and STELE_SIGNER are looked for. Default: process.env. */
  readonly environment?: Environment | undefined;
}

/** A journal that was made. */
export interface Created {
  readonly origin: string;
  /** The vkey: what verifiers pin. */
  readonly publicKey: string;
  /** Where the private key lies; undefined when it came from STELE_KEY or STELE_SIGNER. */
  readonly keyPath: string | undefined;
}

/**
 * Makes an empty journal and its key, which is kept in the user's configuration directory, never
 * in the journal's (or uses the one in STELE_KEY, or behind STELE_SIGNER). With a recovery key the
 * journal has one entry, which names it. Durable when it resolves. Throws JOURNAL_EXISTS,
 * OPTION_INVALID, SIGNER_FAILED, KEY_ and DISK_ codes.
 */
export async function createJournal(
  directory: string,
  options: CreateOptions = {},
): Promise<Created> {
  const world = thisMachine();
  try {
    return await create(world, directory, options);
  } finally {
    await world.disk.close();
  }
}

async function create(world: World, directory: string, options: CreateOptions): Promise<Created> {
  const { segmentBytes, rotateKeyEveryMs, recoveryKeyPath } = options;
  const { signer, save } = firstSigner(world, directory, options);
  const { key } = signer;
  checkKey(key.name, key.type, options);
  if (recoveryKeyPath !== undefined) checkPlace(directory, recoveryKeyPath);
  if (!save) await tryOut(signer);
  const recovery = recoveryKeyPath === undefined ? undefined : generateKey(world, key.name);
  const made: string[] = [];
  try {
    const keyPath = await save?.();
    if (keyPath !== undefined) made.push(keyPath);
    if (recovery) made.push(await saveKey(recovery, recoveryKeyPath));
    const rules = { segmentBytes, rotateKeyEveryMs };
    await createJournalFiles(world, directory, { signer, recoveryKey: recovery, ...rules });
    return { origin: key.name, publicKey: formatVerifierKey(key), keyPath };
  } catch (error) {
    for (const path of made) await removeKey(path);
    throw error;
  }
}

/** What the journal begins with, and how its key is kept, where Stele keeps it. */
function firstSigner(
  world: World,
  directory: string,
  options: CreateOptions,
): { readonly signer: Signer; readonly save?: () => Promise<string> } {
  const { environment = process.env, publicKey, keyType } = options;
  const { primitives } = world;
  const command = environment["STELE_SIGNER"];
  if (command) {
    const key = parseVerifierKey(primitives, requirePublicKey(publicKey), ["ed25519"]);
    return { signer: commandSigner(world, key, command) };
  }
  if (publicKey !== undefined) {
    const fix = "set STELE_SIGNER to the command that signs, or leave the public key out";
    const message = "the public key of a signer was given, and there is no STELE_SIGNER";
    throw new SteleError("OPTION_INVALID", message, { fix });
  }
  const given = environment["STELE_KEY"];
  if (given) return { signer: keySigner(world, parseSigningKey(primitives, given.trim())) };
  const key = generateKey(world, options.origin ?? defaultOrigin(world, directory), keyType);
  return { signer: keySigner(world, key), save: () => saveKey(key) };
}

function requirePublicKey(publicKey: string | undefined): string {
  if (publicKey !== undefined) return publicKey;
  const fix = "give the verifier key of the signer behind STELE_SIGNER (--public-key)";
  throw new SteleError("OPTION_INVALID", "the signer's public key is missing", { fix });
}

function checkKey(name: string, type: KeyType, options: CreateOptions): void {
  const { origin, keyType, recoveryKeyPath, rotateKeyEveryMs } = options;
  if (origin !== undefined && origin !== name) {
    throw new SteleError("KEY_MISMATCH", `the given key is for ${name}, not for ${origin}`);
  }
  if (keyType !== undefined && keyType !== type) {
    throw new SteleError("KEY_MISMATCH", `the given key is ${type}, not ${keyType}`);
  }
  if (type !== "ed25519" && (recoveryKeyPath ?? rotateKeyEveryMs) !== undefined) {
    const message = "a journal that is sealed with a secret has one key for ever";
    const fix = "leave out the recovery key and the rotation, or use Ed25519";
    throw new SteleError("OPTION_INVALID", message, { fix });
  }
  if (!isKeyName(name)) {
    const message = `${JSON.stringify(name)} cannot name a journal`;
    const fix = 'use 1 to 255 printable ASCII characters without space, +, " and \\';
    throw new SteleError("OPTION_INVALID", message, { fix });
  }
}

/** Who can write to the journal must not find what rewrites it. */
function checkPlace(directory: string, recoveryKeyPath: string): void {
  if (!`${resolve(recoveryKeyPath)}${sep}`.startsWith(`${resolve(directory)}${sep}`)) return;
  const message = `the recovery key ${recoveryKeyPath} would lie in the journal's own directory`;
  const fix = "name a file elsewhere, best on another machine or medium";
  throw new SteleError("OPTION_INVALID", message, { fix, path: recoveryKeyPath });
}

function defaultOrigin(world: World, directory: string): string {
  const base = directory.replace(/\/+$/, "").split("/").at(-1) ?? "";
  const name = base.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 64) || "journal";
  const unique = world.primitives.sha256(world.random.bytes(16)).slice(0, 8);
  return `stele.local/${name}-${unique}`;
}
