import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { createJournal, openJournal, type CreateOptions, type Journal } from "@stele/journal";
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

/** All that an asynchronous iterable yields. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}
