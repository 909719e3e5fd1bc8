import fs from "node:fs";
import { dirname } from "node:path";
import { TEMPORARY } from "../layout.ts";
import type { DiskCalls, ThreadFile, ThreadStep } from "./disk-calls.ts";
import { takeFileLock } from "./file-lock.ts";
import type { FileLock } from "./file-lock.ts";
import { ThreadError, attempt } from "./thread-error.ts";

/** The calls, over this thread's own table of locks. */
export function threadCalls(): DiskCalls {
  const locks: FileLock[] = [];
  return {
    openWrite,
    size,
    read,
    truncate,
    closeFile,
    makeDirectory,
    rename,
    remove,
    removeDirectory,
    syncDirectory,
    run: (steps) => steps.forEach(runStep),
    lock: (path) => locks.push(takeFileLock(path)) - 1,
    unlock: (lock) => locks[lock]!.release(),
    settle: () => {},
  };
}

// openat(O_RDWR|O_CREAT|O_CLOEXEC)
function openWrite(path: string): ThreadFile {
  const { O_RDWR, O_CREAT } = fs.constants;
  return { descriptor: attempt("open", path, () => fs.openSync(path, O_RDWR | O_CREAT)), path };
}

// fstat
function size({ descriptor, path }: ThreadFile): number {
  return attempt("size", path, () => fs.fstatSync(descriptor).size);
}

// pread64 until filled or at the end
function read(file: ThreadFile, lengthBytes: number, offsetBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  let count = 0;
  while (count < lengthBytes) {
    const more = attempt("read", file.path, () =>
      fs.readSync(file.descriptor, bytes, count, lengthBytes - count, offsetBytes + count),
    );
    if (more === 0) break;
    count += more;
  }
  return bytes.subarray(0, count);
}

// ftruncate
function truncate({ descriptor, path }: ThreadFile, sizeBytes: number): void {
  attempt("truncate", path, () => fs.ftruncateSync(descriptor, sizeBytes));
}

// close
function closeFile({ descriptor, path }: ThreadFile): void {
  attempt("close", path, () => fs.closeSync(descriptor));
}

// mkdir, and again for each missing parent
// Not the recursive call: it reports a read-only file system as a missing path, a file that is in
// the way as there already, and tries for ever where the system makes no directories (/proc).
function makeDirectory(directory: string): void {
  attempt("make", directory, () => {
    try {
      fs.mkdirSync(directory);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const parent = dirname(directory);
      if (code === "EEXIST") return requireDirectory(directory);
      if (code !== "ENOENT" || parent === directory) throw error;
      makeDirectory(parent);
      makeIfMissing(directory);
    }
  });
}

function makeIfMissing(directory: string): void {
  try {
    fs.mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

// stat
function requireDirectory(path: string): void {
  if (fs.statSync(path).isDirectory()) return;
  throw Object.assign(new Error("a file is in the way"), { code: "ENOTDIR" });
}

// rename
function rename(from: string, to: string): void {
  attempt("rename", from, () => fs.renameSync(from, to));
}

// unlink
function remove(path: string): void {
  attempt("remove", path, () => fs.unlinkSync(path));
}

// rmdir
function removeDirectory(directory: string): void {
  attempt("remove", directory, () => fs.rmdirSync(directory));
}

// openat(directory, O_RDONLY), fsync, close
// Windows has no such call; NTFS keeps a journal of names by itself.
function syncDirectory(directory: string): void {
  if (process.platform === "win32") return;
  const descriptor = attempt("open", directory, () => fs.openSync(directory, "r"));
  try {
    attempt("sync", directory, () => fs.fsyncSync(descriptor));
  } finally {
    attempt("close", directory, () => fs.closeSync(descriptor));
  }
}

// write: pwrite64 (libuv repeats it after a short write) · sync: fdatasync (F_FULLFSYNC on Apple)
function runStep(step: ThreadStep): void {
  if (step.kind === "write") write(step.file, step.bytes, step.offsetBytes);
  else if (step.kind === "sync") sync(step.file);
  else replace(step);
}

function sync({ descriptor, path }: ThreadFile): void {
  attempt("sync", path, () => fs.fdatasyncSync(descriptor));
}

// openat(NAME.tmp, O_WRONLY|O_CREAT|O_TRUNC), pwrite64, fdatasync, close, rename
function replace({ path, bytes }: ThreadStep & { kind: "replace" }): void {
  const temporary = path + TEMPORARY;
  const descriptor = attempt("open", temporary, () => fs.openSync(temporary, "w"));
  const file = { descriptor, path: temporary };
  try {
    write(file, bytes, 0);
    sync(file);
  } finally {
    closeFile(file);
  }
  rename(temporary, path);
}

function write({ descriptor, path }: ThreadFile, bytes: Uint8Array, offsetBytes: number): void {
  attempt("write", path, () => writeWhole({ descriptor, path }, bytes, offsetBytes));
}

function writeWhole(file: ThreadFile, bytes: Uint8Array, offsetBytes: number): void {
  const { descriptor, path } = file;
  let count = fs.writeSync(descriptor, bytes, 0, bytes.byteLength, offsetBytes);
  if (count < bytes.byteLength) {
    // When a later part fails, libuv reports the bytes before it and no error.
    // Writing the rest brings the error out.
    count += fs.writeSync(descriptor, bytes, count, bytes.byteLength - count, offsetBytes + count);
  }
  if (count === bytes.byteLength) return;
  const message = `only ${count} of ${bytes.byteLength} bytes were taken at ${offsetBytes}`;
  throw new ThreadError({ operation: "write", path, code: "DISK_SHORT_WRITE", message });
}
