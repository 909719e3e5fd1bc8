import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  createJournal,
  openJournal,
  SteleError,
  type CreateOptions,
  type Journal,
} from "@stele/journal";
import { environment } from "./key.ts";

/** A directory that is removed after the file's tests. */
export function scratch(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `stele-${name}-`));
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** An empty journal of the test key in a new directory below `root`. */
export async function newJournal(root: string, options: CreateOptions = {}): Promise<string> {
  const directory = join(mkdtempSync(join(root, "j-")), "journal");
  await createJournal(directory, { environment, ...options });
  return directory;
}

/** Opens a journal of the test key for appending. */
export async function open(
  directory: string,
  options: Parameters<typeof openJournal>[1] = {},
): Promise<Journal> {
  return openJournal(directory, { environment, ...options });
}

/**
 * `open`, which may have to wait for a moment after a kill: when that comes while the child asks
 * the `flock` command for its lock, the command holds the lock until it ends.
 */
export async function openWhenFree(
  directory: string,
  options: Parameters<typeof openJournal>[1] = {},
): Promise<Journal> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await open(directory, options);
    } catch (error) {
      const locked = error instanceof SteleError && error.code === "JOURNAL_LOCKED";
      if (!locked || attempt === 10) throw error;
      await delay(20);
    }
  }
}
