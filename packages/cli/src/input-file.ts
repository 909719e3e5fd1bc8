import { open, readFile, type FileHandle } from "node:fs/promises";
import { SteleError } from "@stele/core/error";

/** The whole of a small file that the caller named. Throws DISK_NOT_FOUND. */
export async function readInput(path: string): Promise<Uint8Array> {
  return orUnreadable(path, readFile(path));
}

/** A file that the caller named, to be read in pieces. Throws DISK_NOT_FOUND. */
export async function openInput(path: string): Promise<FileHandle> {
  return orUnreadable(path, open(path));
}

async function orUnreadable<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    const message = `cannot read ${path}: ${(cause as Error).message}`;
    throw new SteleError("DISK_NOT_FOUND", message, { path, cause });
  }
}
