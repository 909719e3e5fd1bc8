import { concatBytes, decodeUtf8, utf8 } from "@stele/core/bytes";
import { formatContentLine } from "@stele/core/content";
import type { Erasures } from "@stele/core/erasure";
import { entryOf, parseRawLine, scanContentLines, type RawLine } from "./content-scan.ts";
import { contentPath } from "./content-segment.ts";
import type { Disk, WritableFile } from "./disk.ts";
import { listIfAny, orUndefined, readFileIfAny, replaceFile } from "./files.ts";
import { CONTENT, join, TEMPORARY } from "./layout.ts";

// How contents are erased, behind the `stele.erased` entry that says so (spec/content.md section
// 5). CONTENT/erasing is durable before that entry: as long as it is there, what the entries from
// its number on say may not be done yet.

const MARK = "erasing";
const CHUNK_BYTES = 1024 * 1024;

const MAX_MARK_BYTES = 64;

/** Notes, durably, that `stele.erased` entries from this number on may not be carried out yet. */
export async function markErasing(disk: Disk, directory: string, from: number): Promise<void> {
  const bytes = utf8(`${JSON.stringify({ from })}\n`);
  await replaceFile(disk, join(directory, CONTENT), MARK, bytes);
}

/**
 * From which entry on `stele.erased` entries may not be carried out; undefined when all are. A mark
 * that cannot be read stands for the whole journal.
 */
export async function erasingFrom(disk: Disk, directory: string): Promise<number | undefined> {
  const bytes = await readFileIfAny(disk, join(directory, CONTENT, MARK), MAX_MARK_BYTES);
  if (!bytes) return undefined;
  const digits = /^\{"from":([0-9]{1,15})\}\n$/.exec(decodeUtf8(bytes) ?? "")?.[1];
  return Number(digits ?? 0);
}

/** Takes the mark away, and what a rewriting left that was interrupted. */
export async function endErasing(disk: Disk, directory: string): Promise<void> {
  const contents = join(directory, CONTENT);
  for (const name of await listIfAny(disk, contents)) {
    if (name.endsWith(TEMPORARY)) await destroy(disk, join(contents, name));
  }
  await disk.syncDirectory(contents);
  await disk.remove(join(contents, MARK));
  await disk.syncDirectory(contents);
}

/**
 * Rewrites a content segment without what the erasures cover; in its place stands the entry that
 * says so. Does nothing when nothing of it is there. A crash leaves the old file or the new one.
 * Memory: a few mebibytes, or a few times one entry's contents. System calls:
 *
 *     open, pwrite..., fdatasync   NAME.tmp, the copy
 *     rename, fsync (directory)    from now on the erased bytes have no name
 *     pwrite..., fdatasync, close  the old file, overwritten where it lies
 */
export async function eraseFromSegment(
  disk: Disk,
  directory: string,
  first: number,
  erasures: Erasures,
): Promise<void> {
  const path = contentPath(directory, first);
  if ((await countErasable(disk, path, erasures)) === 0) return;
  const old = await disk.openWrite(path);
  try {
    const copy = await disk.openWrite(path + TEMPORARY);
    try {
      await copy.truncate(0);
      await copyWithout(old, copy, erasures);
      await copy.sync();
    } finally {
      await copy.close();
    }
    await disk.rename(path + TEMPORARY, path);
    await disk.syncDirectory(join(directory, CONTENT));
    await overwrite(old);
  } finally {
    await old.close();
  }
}

/** How many contents lie in the segment that the erasures cover; throws JOURNAL_DAMAGED. */
export async function countErasable(disk: Disk, path: string, erasures: Erasures): Promise<number> {
  const file = await orUndefined(disk.openRead(path));
  if (!file) return 0;
  let count = 0;
  try {
    // Others are not read: behind the last sealed entry's they may be torn.
    for await (const batch of scanContentLines(file)) {
      for (const raw of batch) {
        const seq = entryOf(raw);
        if (seq === undefined || !erasures.concern(seq)) continue;
        const names = [...parseRawLine(raw).contents.keys()];
        count += names.filter((name) => erasures.find(seq, name) !== undefined).length;
      }
    }
    return count;
  } finally {
    await file.close();
  }
}

/** Lines of other entries are copied byte for byte. */
async function copyWithout(
  old: WritableFile,
  copy: WritableFile,
  erasures: Erasures,
): Promise<void> {
  let offsetBytes = 0;
  for await (const batch of scanContentLines(old)) {
    const bytes = concatBytes(batch.map((line) => lineWithout(line, erasures)));
    await copy.write(bytes, offsetBytes);
    offsetBytes += bytes.length;
  }
}

function lineWithout(raw: RawLine, erasures: Erasures): Uint8Array {
  const seq = entryOf(raw);
  if (seq === undefined || !erasures.concern(seq)) return raw.bytes;
  const line = parseRawLine(raw);
  const contents = new Map(line.contents);
  const erased = new Map(line.erased);
  for (const name of line.contents.keys()) {
    const by = erasures.find(seq, name);
    if (by === undefined) continue;
    contents.delete(name);
    erased.set(name, by);
  }
  return utf8(formatContentLine(seq, contents, erased));
}

/** As far as the device and the file system let it. */
async function overwrite(file: WritableFile): Promise<void> {
  const sizeBytes = await file.size();
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
    await file.write(new Uint8Array(Math.min(CHUNK_BYTES, sizeBytes - at)), at);
  }
  await file.sync();
}

async function destroy(disk: Disk, path: string): Promise<void> {
  const file = await disk.openWrite(path);
  try {
    await overwrite(file);
  } finally {
    await file.close();
  }
  await disk.remove(path);
}
