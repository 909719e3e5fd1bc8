/** A writable file as it crosses to the thread: a descriptor, and the path for errors. */
export interface ThreadFile {
  readonly descriptor: number;
  readonly path: string;
}

/** A step as it crosses to the thread. */
export type ThreadStep =
  | {
      readonly kind: "write";
      readonly file: ThreadFile;
      readonly bytes: Uint8Array;
      readonly offsetBytes: number;
    }
  | { readonly kind: "sync"; readonly file: ThreadFile }
  | { readonly kind: "replace"; readonly path: string; readonly bytes: Uint8Array };

/** What the disk's thread does on request: synchronous, one after the other. Locks go by number. */
export interface DiskCalls {
  openWrite(path: string): ThreadFile;
  size(file: ThreadFile): number;
  read(file: ThreadFile, lengthBytes: number, offsetBytes: number): Uint8Array;
  truncate(file: ThreadFile, sizeBytes: number): void;
  closeFile(file: ThreadFile): void;
  makeDirectory(directory: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  removeDirectory(directory: string): void;
  syncDirectory(directory: string): void;
  run(steps: readonly ThreadStep[]): void;
  lock(path: string): number;
  unlock(lock: number): void;
  /** Does nothing: its answer says that every earlier call is done. */
  settle(): void;
}

/** The name of a call, as it crosses to the thread. */
export type DiskCallName = keyof DiskCalls;

/** One message to the thread. */
export interface DiskRequest {
  readonly name: DiskCallName;
  readonly parameters: readonly unknown[];
}

/** One message back, in the order of the requests. */
export type DiskReply = { readonly value: unknown } | { readonly failure: DiskFailure };

/** What went wrong where, in a form that survives the way between threads. */
export interface DiskFailure {
  readonly operation: string;
  readonly path: string;
  /** The system's code (ENOSPC, ...), or a code of Stele's. */
  readonly code: string;
  readonly message: string;
}
