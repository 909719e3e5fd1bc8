import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { parseSize } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import type { Disk } from "./disk.ts";
import { listIfAny, readFile, replaceFile } from "./files.ts";
import { CURSORS, join } from "./layout.ts";

// A named cursor says how far somebody (an index, an archive, a replica) has read: the next `seq`
// that it needs. Segments may be dropped only behind every cursor.

const NAME = /^[a-z0-9_-]{1,64}$/;

/** All cursors by name. Throws CURSOR_INVALID when a file is malformed. */
export async function readCursors(
  disk: Disk,
  directory: string,
): Promise<ReadonlyMap<string, number>> {
  const names = await listIfAny(disk, join(directory, CURSORS));
  const cursors = new Map<string, number>();
  for (const name of names.filter((candidate) => NAME.test(candidate))) {
    const path = join(directory, CURSORS, name);
    const next = parseSize((decodeUtf8(await readFile(disk, path)) ?? "").trimEnd());
    if (next === undefined) {
      throw new SteleError("CURSOR_INVALID", `${path} does not hold a number`, { path });
    }
    cursors.set(name, next);
  }
  return cursors;
}

/**
 * Moves or makes a cursor; durable when it resolves. Throws CURSOR_INVALID for a bad name or
 * position.
 */
export async function writeCursor(
  disk: Disk,
  directory: string,
  cursor: { readonly name: string; readonly next: number },
): Promise<void> {
  const { name, next } = cursor;
  if (!NAME.test(name) || !Number.isSafeInteger(next) || next < 0) {
    throw new SteleError("CURSOR_INVALID", `no cursor can be ${JSON.stringify(name)} at ${next}`);
  }
  await disk.makeDirectory(join(directory, CURSORS));
  await disk.syncDirectory(directory);
  await replaceFile(disk, join(directory, CURSORS), name, utf8(`${next}\n`));
}

/** Removes a cursor, so that it holds nothing back any more. Durable when it resolves. */
export async function removeCursor(disk: Disk, directory: string, name: string): Promise<void> {
  if (!(await readCursors(disk, directory)).has(name)) {
    throw new SteleError("CURSOR_INVALID", `there is no cursor ${JSON.stringify(name)}`);
  }
  await disk.remove(join(directory, CURSORS, name));
  await disk.syncDirectory(join(directory, CURSORS));
}
