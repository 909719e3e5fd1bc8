import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { SteleError } from "@stele/core/error";
import { coded } from "./disk-error.ts";

/**
 * Where private keys lie: `$XDG_CONFIG_HOME/stele/keys`, or `~/.config/stele/keys`. Throws
 * DISK_NOT_FOUND for a user who has no home.
 */
export function secretsDirectory(): string {
  const configuration = process.env["XDG_CONFIG_HOME"] || join(home(), ".config");
  return join(configuration, "stele", "keys");
}

function home(): string {
  try {
    return homedir();
  } catch (cause) {
    const fix = "set HOME or XDG_CONFIG_HOME, or give the key in STELE_KEY";
    const message = "this user has no home directory, where keys would lie";
    throw new SteleError("DISK_NOT_FOUND", message, { cause, fix });
  }
}

/** The file's bytes, or undefined when there is none. */
export async function readSecret(path: string): Promise<Uint8Array | undefined> {
  return orUndefined(coded("read", path, readFile(path)));
}

/**
 * Writes a file that only this user may read (mode 0600, directory 0700). Throws KEY_EXISTS rather
 * than replace one. System calls: open(O_EXCL), write, fsync; fsync of the directory.
 */
export async function writeSecret(path: string, bytes: Uint8Array): Promise<void> {
  const directory = dirname(path);
  await coded("make", directory, mkdir(directory, { recursive: true, mode: 0o700 }));
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") return coded("open", path, Promise.reject(error as Error));
    throw new SteleError("KEY_EXISTS", `there is a key at ${path} already`, { path });
  });
  try {
    await coded("write", path, file.writeFile(bytes));
    await coded("sync", path, file.sync());
  } catch (error) {
    // What is not whole would stand in the way of the next attempt.
    await rm(path, { force: true });
    throw error;
  } finally {
    await coded("close", path, file.close());
  }
  await syncDirectory(directory);
}

/**
 * Puts the file in the place of another, whose bytes are overwritten first. System calls: write,
 * fsync; rename; fsync of the directory. On file systems and devices that write elsewhere (flash,
 * copy on write, journalled data, backups) the old bytes may live on.
 */
export async function replaceSecret(from: string, to: string): Promise<void> {
  await overwrite(to);
  await coded("rename", to, rename(from, to));
  await syncDirectory(dirname(to));
}

/** Overwrites and removes the file if it is there; limits as of `replaceSecret`. */
export async function removeSecret(path: string): Promise<void> {
  await overwrite(path);
  await coded("remove", path, rm(path, { force: true }));
  await orUndefined(syncDirectory(dirname(path)));
}

async function overwrite(path: string): Promise<void> {
  const file = await orUndefined(coded("open", path, open(path, "r+")));
  if (!file) return;
  try {
    const { size } = await coded("read", path, file.stat());
    await coded("write", path, file.write(new Uint8Array(size), 0, size, 0));
    await coded("sync", path, file.sync());
  } finally {
    await coded("close", path, file.close());
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await coded("open", directory, open(directory, "r"));
  try {
    await coded("sync", directory, handle.sync());
  } finally {
    await coded("close", directory, handle.close());
  }
}

async function orUndefined<T>(pending: Promise<T>): Promise<T | undefined> {
  try {
    return await pending;
  } catch (error) {
    if (error instanceof SteleError && error.code === "DISK_NOT_FOUND") return undefined;
    throw error;
  }
}
