import { SteleError } from "@stele/core/error";
import type { Disk } from "./disk.ts";
import { join } from "./layout.ts";

/**
 * The whole content of a small file; no bytes, which are none of its forms, when it is larger than
 * the limit: a sparse one costs who hands it over nothing.
 */
export async function readFile(
  disk: Disk,
  path: string,
  limitBytes: number = Infinity,
): Promise<Uint8Array> {
  const file = await disk.openRead(path);
  try {
    const sizeBytes = await file.size();
    const bytes = new Uint8Array(sizeBytes > limitBytes ? 0 : sizeBytes);
    const count = await file.read(bytes, 0);
    return bytes.subarray(0, count);
  } finally {
    await file.close();
  }
}

/** `readFile`, or undefined when there is no such file. */
export async function readFileIfAny(
  disk: Disk,
  path: string,
  limitBytes?: number,
): Promise<Uint8Array | undefined> {
  return orUndefined(readFile(disk, path, limitBytes));
}

/**
 * Atomically gives the file this content; a crash leaves the old one or the new one. System calls:
 * open, write, fdatasync (temporary file), rename, fsync (directory).
 */
export async function replaceFile(
  disk: Disk,
  directory: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  await disk.run([{ kind: "replace", path: join(directory, name), bytes }]);
  await disk.syncDirectory(directory);
}

/** The names in a directory; none when it is missing. */
export async function listIfAny(disk: Disk, directory: string): Promise<readonly string[]> {
  return (await orUndefined(disk.list(directory))) ?? [];
}

/** The promise's value, or undefined when what it asks for is not there. */
export async function orUndefined<T>(pending: Promise<T>): Promise<T | undefined> {
  try {
    return await pending;
  } catch (error) {
    if (error instanceof SteleError && error.code === "DISK_NOT_FOUND") return undefined;
    throw error;
  }
}
