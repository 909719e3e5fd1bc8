import { SteleError } from "@stele/core/error";
import type { ErrorCode } from "@stele/core/error";
import type { DiskFailure } from "./disk-calls.ts";

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "DISK_FULL",
  EDQUOT: "DISK_FULL",
  EROFS: "DISK_READ_ONLY",
  EACCES: "DISK_PERMISSION",
  EPERM: "DISK_PERMISSION",
  EMFILE: "DISK_TOO_MANY_FILES",
  ENFILE: "DISK_TOO_MANY_FILES",
  ENOENT: "DISK_NOT_FOUND",
  ENOTDIR: "DISK_NOT_FOUND",
  DISK_SHORT_WRITE: "DISK_SHORT_WRITE",
  JOURNAL_LOCKED: "JOURNAL_LOCKED",
};

/**
 * The coded error for a failed call: it names the operation and the path, and keeps the system's
 * own error as cause.
 */
export function diskError(failure: DiskFailure): SteleError {
  const { operation, path, code, message } = failure;
  const cause = Object.assign(new Error(message), { code });
  return new SteleError(CODES[code] ?? "DISK_IO", `${operation} ${path}: ${message}`, {
    path,
    cause,
  });
}

/** The error of every call on a disk that was closed or whose thread is gone. */
export function unusableDisk(message: string): SteleError {
  return new SteleError("DISK_IO", message, { fix: "open the journal again" });
}

/**
 * The error for a thread that did not start or broke down; Node ends the message with the system's
 * code, if any.
 */
export function brokenThread(cause: Error): SteleError {
  const code = CODES[cause.message.split(" ").at(-1)!] ?? "DISK_IO";
  return new SteleError(code, `the disk's thread broke down: ${cause.message}`, { cause });
}

/** Passes the result on, or turns the system's error into a coded one. */
export async function coded<T>(operation: string, path: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw diskError({ operation, path, code, message });
  }
}
