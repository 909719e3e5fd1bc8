import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x794c7630, "overlayfs"],
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
]);

/**
 * A fresh directory on a real disk, removed when this process ends. Throws when every candidate is
 * in memory, where a sync costs nothing and the figures would mean nothing.
 */
export function makeScratch(): string {
  const base = [os.tmpdir(), "/var/tmp", import.meta.dirname].find(isOnDisk);
  if (base === undefined) throw new Error("no directory on a real disk: set TMPDIR to one");
  const dir = fs.mkdtempSync(path.join(base, "stele-bench-"));
  process.once("exit", () => fs.rmSync(dir, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  return dir;
}

/** The name of the file system that holds the directory, or its type number. */
export function fileSystem(dir: string): string {
  const { type } = fs.statfsSync(dir);
  return FILE_SYSTEMS.get(type) ?? `type 0x${type.toString(16)}`;
}

function isOnDisk(dir: string): boolean {
  return fs.existsSync(dir) && !["tmpfs", "ramfs"].includes(fileSystem(dir));
}
