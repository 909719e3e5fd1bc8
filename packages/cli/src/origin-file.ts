import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SteleError } from "@stele/core/error";

const CHUNK_BYTES = 1024 * 1024;

/** A file of another system, or a directory of its segments, read as one in the order of names. */
export interface OriginFile {
  readonly sizeBytes: number;
  /** Reads everything once more. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Reads only so many bytes of the beginning. */
  beginning(sizeBytes: number): Promise<Uint8Array>;
}

/** Looks at a path that the caller named. Throws DISK_NOT_FOUND. */
export async function openOrigin(path: string): Promise<OriginFile> {
  const paths = await filesAt(path);
  const sizes = await Promise.all(paths.map(async (file) => (await stat(file)).size));
  return {
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    chunks: () => read(paths),
    async beginning(sizeBytes) {
      const parts: Uint8Array[] = [];
      let count = 0;
      for await (const chunk of read(paths)) {
        parts.push(chunk);
        count += chunk.length;
        if (count >= sizeBytes) break;
      }
      return new Uint8Array(Buffer.concat(parts)).subarray(0, sizeBytes);
    },
  };
}

async function filesAt(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    return names.toSorted().map((name) => join(path, name));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function* read(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) {
    try {
      yield* createReadStream(path, { highWaterMark: CHUNK_BYTES });
    } catch (cause) {
      throw cause instanceof SteleError ? cause : unreadable(path, cause);
    }
  }
}

function unreadable(path: string, cause: unknown): SteleError {
  const message = `cannot read ${path}: ${(cause as Error).message}`;
  return new SteleError("DISK_NOT_FOUND", message, { path, cause });
}
