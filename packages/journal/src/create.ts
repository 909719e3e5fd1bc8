import { SteleError } from "@stele/core/error";
import { formatVerifierKey, isKeyName, parseSigningKey, type SigningKey } from "@stele/core/key";
import { createJournalFiles, type World } from "@stele/store";
import { generateKey, removeKey, saveKey } from "./key-store.ts";
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
  /** Where STELE_KEY is looked for. Default: process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A journal that was made. */
export interface Created {
  readonly origin: string;
  /** The vkey: what verifiers pin. */
  readonly publicKey: string;
  /** Where the private key lies; undefined when it came from STELE_KEY. */
  readonly keyPath: string | undefined;
}

/**
 * Makes an empty journal and its Ed25519 key, which is kept in the user's configuration directory,
 * never in the journal's (or uses the one in STELE_KEY). Durable when it resolves. Throws
 * JOURNAL_EXISTS, OPTION_INVALID, KEY_ and DISK_ codes.
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
  const { environment = process.env, segmentBytes } = options;
  const given = environment["STELE_KEY"];
  const key = given
    ? parseSigningKey(world.primitives, given.trim())
    : generateKey(world, options.origin ?? defaultOrigin(world, directory));
  checkOrigin(key, options.origin);
  const keyPath = given ? undefined : await saveKey(key);
  try {
    await createJournalFiles(world, directory, { key, segmentBytes });
  } catch (error) {
    if (keyPath !== undefined) await removeKey(keyPath);
    throw error;
  }
  return { origin: key.name, publicKey: formatVerifierKey(key), keyPath };
}

function checkOrigin(key: SigningKey, wanted: string | undefined): void {
  if (wanted !== undefined && wanted !== key.name) {
    const message = `the key in STELE_KEY is for ${key.name}, not for ${wanted}`;
    throw new SteleError("KEY_MISMATCH", message);
  }
  if (!isKeyName(key.name)) {
    const message = `${JSON.stringify(key.name)} cannot name a journal`;
    const fix = 'use 1 to 255 printable ASCII characters without space, +, " and \\';
    throw new SteleError("OPTION_INVALID", message, { fix });
  }
}

function defaultOrigin(world: World, directory: string): string {
  const base = directory.replace(/\/+$/, "").split("/").at(-1) ?? "";
  const name = base.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 64) || "journal";
  const unique = world.primitives.sha256(world.random.bytes(16)).slice(0, 8);
  return `stele.local/${name}-${unique}`;
}
