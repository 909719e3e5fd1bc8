import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A directory on which something is mounted, or why this user cannot. */
export interface Mounted {
  readonly directory: string;
  readonly skip: string | false;
}

/** Mounts on a new directory, until the file's tests are over. */
export function mount(...parameters: readonly string[]): Mounted {
  const directory = mkdtempSync(join(tmpdir(), "stele-mount-"));
  const { status, stderr } = spawnSync("mount", [...parameters, directory], { encoding: "utf8" });
  const skip = status !== 0 && `cannot mount: ${stderr?.trim() || "there is no mount command"}`;
  after(() => {
    if (skip === false) spawnSync("umount", ["--lazy", directory]);
    rmdirSync(directory);
  });
  return { directory, skip };
}
