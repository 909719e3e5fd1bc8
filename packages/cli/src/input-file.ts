import { open, type FileHandle } from "node:fs/promises";
import { SteleError } from "@stele/core/error";

/** Far more than a checkpoint, a policy, a key or a schema has. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/** The whole of a small file that the caller named. Throws DISK_NOT_FOUND, OPTION_INVALID. */
export async function readInput(path: string): Promise<Uint8Array> {
  return orUnreadable(path, async () => {
    await using file = await open(path);
    const chunks: Buffer[] = [];
    // It may have no end, or be a pipe.
    const stream = file.createReadStream({ end: MAX_INPUT_BYTES, autoClose: false });
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    if (bytes.length <= MAX_INPUT_BYTES) return bytes;
    throw wrongFile(path, `it has more than ${MAX_INPUT_BYTES} bytes`);
  });
}

/**
 * A file that the caller named, to be read in pieces, more than once. Throws DISK_NOT_FOUND,
 * OPTION_INVALID.
 */
export async function openInput(path: string): Promise<FileHandle> {
  return orUnreadable(path, async () => {
    const file = await open(path);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw wrongFile(path, "it is no file that can be read twice", "save what it has in a file");
  });
}

function wrongFile(path: string, why: string, fix = "check the path"): SteleError {
  return new SteleError("OPTION_INVALID", `cannot read ${path}: ${why}`, { path, fix });
}

async function orUnreadable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof SteleError) throw cause;
    const message = `cannot read ${path}: ${(cause as Error).message}`;
    throw new SteleError("DISK_NOT_FOUND", message, { path, cause });
  }
}
