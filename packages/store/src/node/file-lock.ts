import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ThreadError, attempt } from "./thread-error.ts";

/** An exclusive lock: ends with `release`, with the thread that took it, or with the process. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock on the file, which it makes if missing and never writes to, or throws
 * JOURNAL_LOCKED.
 *
 * Two locks, because neither is enough by itself. SQLite's (fcntl, LockFileEx on Windows) is
 * refused to a second opener in this process too, but the system drops it when anything in this
 * process opens and closes the file. flock(2) survives that, but is only there where the `flock`
 * command is. SQLite comes first, so that a refused opener in this process never opens and closes
 * the file itself.
 */
export function takeFileLock(path: string): FileLock {
  const database = attempt("lock", path, () => lockWithSqlite(path));
  let descriptor: number;
  try {
    descriptor = lockWithFlock(path);
  } catch (error) {
    database.close();
    throw error;
  }
  nameHolder(path);
  return {
    release: () =>
      attempt("release", path, () => {
        removeHolder(path);
        fs.closeSync(descriptor);
        database.close();
      }),
  };
}

const SQLITE_BUSY = 5;
/** Openers of the same moment can make each other fail; within this time, one gets through. */
const RACE_MS = 20;

// openat(O_RDWR|O_CREAT), fcntl(F_SETLK, F_WRLCK) on bytes from 0x40000000 on; no write
function lockWithSqlite(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // Of an absolute path, because SQLite takes "file:..." for a URI.
    database = new DatabaseSync(resolve(path), { timeout: RACE_MS });
    // In memory, so that no journal file appears beside the lock.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw lockedError(path);
    explain(path);
    throw error;
  }
}

/** SQLite does not say why the system refused: throws the system's own error if it shows again. */
function explain(path: string): void {
  fs.accessSync(dirname(path), fs.constants.W_OK);
  fs.closeSync(fs.openSync(dirname(path), "r"));
  fs.accessSync(path, fs.constants.W_OK);
}

// openat(O_RDWR); in a child that inherits the descriptor: flock(LOCK_EX|LOCK_NB)
function lockWithFlock(path: string): number {
  const descriptor = attempt("lock", path, () => fs.openSync(path, "r+"));
  // flock(2) belongs to the open file, so it stays with our descriptor after the child has gone.
  const child = spawnSync("flock", ["-n", "-x", "3"], {
    stdio: ["ignore", "ignore", "pipe", descriptor],
  });
  // Silent failure means held; any other, that the command or the file system has no such lock.
  if (child.status !== 1 || child.stderr.length > 0) return descriptor;
  fs.closeSync(descriptor);
  throw lockedError(path);
}

function lockedError(path: string): ThreadError {
  const message = `held by ${readHolder(path)}`;
  return new ThreadError({ operation: "lock", path, code: "JOURNAL_LOCKED", message });
}

function holderPath(path: string): string {
  return `${path}.holder`;
}

/** For people only, and never trusted: it may be missing, or left over from a killed process. */
function nameHolder(path: string): void {
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  try {
    fs.writeFileSync(holderPath(path), `${JSON.stringify(holder)}\n`);
  } catch {
    // The lock is held all the same.
  }
}

function removeHolder(path: string): void {
  try {
    fs.rmSync(holderPath(path), { force: true });
  } catch {
    // It may as well stay.
  }
}

const HOLDER = /^\{"pid":(\d+),"host":"([\w.-]+)","since":"([\dTZ:.-]+)"\}\n$/;

function readHolder(path: string): string {
  const [, pid, host, since] = HOLDER.exec(readText(holderPath(path))) ?? [];
  if (pid === undefined) return "another process";
  const ours = pid === String(process.pid) && host === hostname();
  return `${ours ? "this process" : `process ${pid} on ${host}`} since ${since}`;
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
