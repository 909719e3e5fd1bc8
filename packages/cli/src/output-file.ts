import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { SteleError } from "@stele/core/error";
import { nodeDisk } from "@stele/store/node";

/**
 * Writes a file that has its name only when it is whole and on stable storage: a crash leaves what
 * had the name before, and perhaps a file beside it whose name ends in `.tmp`. Returns what the
 * generator returns. Throws OPTION_INVALID where the name is not a file's, DISK_ codes, and what
 * the generator throws.
 */
export async function writeFileWhole<Result>(
  path: string,
  chunks: AsyncGenerator<Uint8Array, Result, void>,
): Promise<Result> {
  await requireReplaceable(path);
  const disk = nodeDisk();
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    const file = await disk.openWrite(unfinished);
    try {
      let offsetBytes = 0;
      const result = await drain(chunks, async (chunk) => {
        await file.write(chunk, offsetBytes);
        offsetBytes += chunk.length;
      });
      await file.truncate(offsetBytes);
      await file.sync();
      await disk.rename(unfinished, path);
      await disk.syncDirectory(dirname(path));
      return result;
    } catch (error) {
      await disk.remove(unfinished).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
  } finally {
    await disk.close();
  }
}

/** A device or a pipe would be gone, and a file in its place. */
async function requireReplaceable(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found || found.isFile()) return;
  const fix = "name a file, or leave it out and redirect standard output";
  throw new SteleError("OPTION_INVALID", `${path} is no file that can be replaced`, { path, fix });
}

/** Hands on every chunk, and returns what the generator returns. */
export async function drain<Result>(
  chunks: AsyncGenerator<Uint8Array, Result, void>,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Result> {
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return value;
    await write(value);
  }
}
