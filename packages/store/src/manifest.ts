import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { parseVerifierKey, isKeyName, type Primitives, type VerifierKey } from "@stele/core/key";
import { FORMAT_VERSION } from "@stele/core/ledger";
import type { Disk } from "./disk.ts";
import { readFile, replaceFile } from "./files.ts";
import { join, MANIFEST } from "./layout.ts";

/** `stele.json`: what a journal is called and how it began. It is no evidence. */
export interface Manifest {
  readonly origin: string;
  /** The vkey of the first epoch's key, as the journal itself states it. */
  readonly key: VerifierKey;
  readonly publicKey: string;
  readonly created: string | undefined;
  /** A segment that has reached this size is followed by a new one. */
  readonly segmentBytes: number;
  /** How old a key may be before another follows it; undefined for as old as it gets. */
  readonly rotateKeyEveryMs: number | undefined;
  /** Of a journal in memory: older entries are evicted. Stands in no file. */
  readonly maxEntries?: number;
}

/**
 * What a segment takes: opening for appending checks one segment in full, so it sets the price of
 * that.
 */
export const DEFAULT_SEGMENT_BYTES: number = 16 * 1024 * 1024;

/**
 * Writes the manifest: temporary file, fdatasync, rename, fsync of the directory. Durable when it
 * resolves.
 */
export async function writeManifest(
  disk: Disk,
  directory: string,
  manifest: Omit<Manifest, "key">,
): Promise<void> {
  const { origin, publicKey, created, segmentBytes, rotateKeyEveryMs } = manifest;
  const rules = { segmentBytes, rotateKeyEveryMs };
  const json = { stele: FORMAT_VERSION, origin, publicKey, created, ...rules };
  await replaceFile(disk, directory, MANIFEST, utf8(`${JSON.stringify(json)}\n`));
}

const MAX_MANIFEST_BYTES = 1_000_000;

/**
 * Reads the manifest. Throws JOURNAL_MISSING when the directory is not there,
 * JOURNAL_NOT_A_JOURNAL when it has no manifest, JOURNAL_NEWER_FORMAT, MANIFEST_MALFORMED.
 */
export async function readManifest(
  disk: Disk,
  primitives: Primitives,
  directory: string,
): Promise<Manifest> {
  const names = await disk.list(directory).catch((error: unknown) => {
    if (!(error instanceof SteleError) || error.code !== "DISK_NOT_FOUND") throw error;
    throw new SteleError("JOURNAL_MISSING", `there is no directory ${directory}`, {
      path: directory,
      cause: error,
    });
  });
  if (!names.includes(MANIFEST)) {
    const message = `${directory} is not a journal: it has no ${MANIFEST}`;
    throw new SteleError("JOURNAL_NOT_A_JOURNAL", message, { path: directory });
  }
  const path = join(directory, MANIFEST);
  return parseManifest(primitives, await readFile(disk, path, MAX_MANIFEST_BYTES), path);
}

function parseManifest(primitives: Primitives, untrusted: Uint8Array, path: string): Manifest {
  const json = readObject(decodeUtf8(untrusted) ?? "");
  const { stele, origin, publicKey, created, segmentBytes = DEFAULT_SEGMENT_BYTES } = json ?? {};
  const { rotateKeyEveryMs } = json ?? {};
  if (typeof stele === "number" && stele > FORMAT_VERSION) {
    const message = `${path} has format ${stele}, this version reads ${FORMAT_VERSION}`;
    throw new SteleError("JOURNAL_NEWER_FORMAT", message, { path });
  }
  const good = stele === FORMAT_VERSION && isKeyName(origin) && typeof publicKey === "string";
  const hasRule = rotateKeyEveryMs !== undefined;
  if (!good || !isSegmentBytes(segmentBytes) || (hasRule && !isKeyAge(rotateKeyEveryMs))) {
    throw new SteleError("MANIFEST_MALFORMED", `${path} is malformed`, { path });
  }
  const key = firstKey(primitives, publicKey, path);
  if (key.name !== origin) {
    const message = `${path} is malformed: the key is for ${key.name}, not for ${origin}`;
    throw new SteleError("MANIFEST_MALFORMED", message, { path });
  }
  return {
    origin,
    key,
    publicKey,
    created: typeof created === "string" ? created : undefined,
    segmentBytes,
    rotateKeyEveryMs: hasRule ? rotateKeyEveryMs : undefined,
  };
}

function firstKey(primitives: Primitives, untrusted: string, path: string): VerifierKey {
  try {
    return parseVerifierKey(primitives, untrusted);
  } catch (cause) {
    const message = `${path} is malformed: ${(cause as Error).message}`;
    throw new SteleError("MANIFEST_MALFORMED", message, { path, cause });
  }
}

/** Whether keys may be told to be followed after so many milliseconds: a minute at least. */
export function isKeyAge(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 60_000;
}

/** Whether a segment size is one that Stele takes: a whole number of bytes from 2^10 to 2^36. */
export function isSegmentBytes(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1024 && Number(value) <= 2 ** 36;
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
