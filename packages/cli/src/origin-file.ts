import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { SteleError } from "@stele/core/error";
import { orderSegments, type Segment } from "@stele/import";

const CHUNK_BYTES = 1024 * 1024;

/**
 * A file of another system, or a directory of its segments, read as one in the order of the
 * numbers in their names, or of the names. Of a segment, what is appended later is not read.
 */
export interface OriginFile {
  readonly sizeBytes: number;
  /** The files of a directory. */
  readonly segments?: readonly Segment[];
  /** Reads everything once more. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Reads only so many bytes of the beginning. */
  beginning(sizeBytes: number): Promise<Uint8Array>;
}

/** Looks at a path that the caller named. Throws DISK_NOT_FOUND. */
export async function openOrigin(path: string): Promise<OriginFile> {
  const { files, isDirectory } = await filesAt(path);
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const segments = files.map((file) => ({ ...file, name: basename(file.path) }));
  return {
    sizeBytes,
    ...(isDirectory && { segments }),
    chunks: () => read(files, isDirectory),
    async beginning(wantedBytes) {
      const parts: Uint8Array[] = [];
      let count = 0;
      for await (const chunk of read(files, isDirectory)) {
        parts.push(chunk);
        count += chunk.length;
        if (count >= wantedBytes) break;
      }
      return new Uint8Array(Buffer.concat(parts)).subarray(0, wantedBytes);
    },
  };
}

interface Part {
  readonly path: string;
  readonly sizeBytes: number;
}

async function filesAt(
  path: string,
): Promise<{ readonly files: readonly Part[]; readonly isDirectory: boolean }> {
  try {
    const found = await stat(path);
    const isDirectory = found.isDirectory();
    if (!isDirectory) return { files: [{ path, sizeBytes: found.size }], isDirectory };
    const entries = await readdir(path, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    if (names.length === 0) throw new Error("the directory has no files");
    const paths = orderSegments(names).map((name) => join(path, name));
    const files = paths.map(async (one) => ({ path: one, sizeBytes: (await stat(one)).size }));
    return { files: await Promise.all(files), isDirectory };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function* read(files: readonly Part[], isLimited: boolean): AsyncGenerator<Uint8Array> {
  for (const { path, sizeBytes } of files) {
    if (isLimited && sizeBytes === 0) continue;
    const end = isLimited ? sizeBytes - 1 : Number.POSITIVE_INFINITY;
    try {
      yield* createReadStream(path, { highWaterMark: CHUNK_BYTES, end });
    } catch (cause) {
      throw cause instanceof SteleError ? cause : unreadable(path, cause);
    }
  }
}

function unreadable(path: string, cause: unknown): SteleError {
  const message = `cannot read ${path}: ${(cause as Error).message}`;
  return new SteleError("DISK_NOT_FOUND", message, { path, cause });
}
