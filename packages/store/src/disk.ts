/**
 * The only door to stable storage. Paths use `/`. A promise that resolves means that the effect is
 * visible; only a sync makes it durable. Every failure is a SteleError with a DISK_ code and the
 * path.
 */
export interface Disk {
  /** Names in the directory, in no order. Rejects with DISK_NOT_FOUND when it is missing. */
  list(directory: string): Promise<readonly string[]>;
  /** Makes the directory and its missing parents. Durable once the parent directory is synced. */
  makeDirectory(directory: string): Promise<void>;
  /** Opens an existing file for reading. Rejects with DISK_NOT_FOUND when it is missing. */
  openRead(path: string): Promise<ReadableFile>;
  /**
   * Opens a file for reading and writing, and makes it if it is missing (its name is durable once
   * the directory is synced).
   */
  openWrite(path: string): Promise<WritableFile>;
  /**
   * Atomically gives the file a new name, replacing what had it. Durable once the directory it
   * goes to is synced.
   */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Removes an empty directory. Durable once the parent directory is synced. */
  removeDirectory(directory: string): Promise<void>;
  /** fsync of the directory: makes names made, renamed and removed in it durable. */
  syncDirectory(directory: string): Promise<void>;
  /**
   * Runs the steps in order and stops at the first that fails, whose error it rejects with; later
   * steps have no effect. One call per commit, so that a commit costs one hand-over to the disk.
   */
  run(steps: readonly DiskStep[]): Promise<void>;
  /**
   * Takes the exclusive lock on the file, or rejects at once with JOURNAL_LOCKED naming the holder
   * as far as known. The operating system releases it when the process dies.
   */
  lock(path: string): Promise<DiskLock>;
  /**
   * After the calls so far, frees what the disk holds: its thread, its locks and its writable
   * files. Files that are open for reading stay open.
   */
  close(): Promise<void>;
}

/**
 * One step of `Disk.run`: all bytes at the offset; a sync of all that was written to the file
 * (fdatasync); or a file that gets exactly these bytes, and has them on stable storage before it
 * has the name, so that a crash leaves what had the name before, or this. It is written under the
 * name with `.tmp` behind it. The name is durable once the directory is synced.
 */
export type DiskStep =
  | {
      readonly kind: "write";
      readonly file: WritableFile;
      readonly bytes: Uint8Array;
      readonly offsetBytes: number;
    }
  | { readonly kind: "sync"; readonly file: WritableFile }
  | { readonly kind: "replace"; readonly path: string; readonly bytes: Uint8Array };

export interface ReadableFile {
  size(): Promise<number>;
  /**
   * Fills `into` from the offset and returns how many bytes came; fewer than asked for only at the
   * end of the file.
   */
  read(into: Uint8Array, offsetBytes: number): Promise<number>;
  close(): Promise<void>;
}

export interface WritableFile extends ReadableFile {
  /**
   * Writes all bytes at the offset, or rejects (DISK_SHORT_WRITE when fewer were taken without an
   * error). Bytes on a SharedArrayBuffer are not copied and must not change before that; others
   * may at once.
   */
  write(bytes: Uint8Array, offsetBytes: number): Promise<void>;
  /** fdatasync: what was written to this file, and the size to read it, is on stable storage. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
}

export interface DiskLock {
  release(): Promise<void>;
}

/** Wall clock and delays, passed in so that tests own time. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. May jump, in either direction. */
  nowMs(): number;
  /** Resolves after everything that is ready to run now has run. */
  turn(): Promise<void>;
  delay(ms: number, signal?: AbortSignal): Promise<void>;
  /** As `delay`, but it does not keep the process alive. */
  idleDelay(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Cryptographically strong randomness. */
export interface Random {
  bytes(count: number): Uint8Array;
}
