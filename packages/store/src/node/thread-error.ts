import type { DiskFailure } from "./disk-calls.ts";

/** Thrown inside the disk's thread, which sends its `failure` back. */
export class ThreadError extends Error {
  readonly failure: DiskFailure;

  constructor(failure: DiskFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Runs the system call and lets its error say what was being done to which path. */
export function attempt<T>(operation: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof ThreadError) throw error;
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new ThreadError({ operation, path, code, message });
  }
}
