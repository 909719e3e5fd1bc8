import { mkdir, open, readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { SteleError } from "@stele/core/error";
import { coded } from "./disk-error.ts";

/** Where private keys lie: `$XDG_CONFIG_HOME/stele/keys`, or `~/.config/stele/keys`. */
export function secretsDirectory(): string {
  const configuration = process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  return join(configuration, "stele", "keys");
}

/** The file's bytes, or undefined when there is none. */
export async function readSecret(path: string): Promise<Uint8Array | undefined> {
  try {
    return await coded("read", path, readFile(path));
  } catch (error) {
    if (error instanceof SteleError && error.code === "DISK_NOT_FOUND") return undefined;
    throw error;
  }
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
  } finally {
    await file.close();
  }
  const parent = await coded("open", directory, open(directory, "r"));
  try {
    await coded("sync", directory, parent.sync());
  } finally {
    await parent.close();
  }
}

/** Removes the file if it is there. */
export async function removeSecret(path: string): Promise<void> {
  await coded("remove", path, rm(path, { force: true }));
}
