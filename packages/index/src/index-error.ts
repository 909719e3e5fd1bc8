import { SteleError } from "@stele/core/error";

/** SQLite's primary result codes: https://sqlite.org/rescode.html */
const CODES = {
  error: 1,
  permission: 3,
  busy: 5,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const;

function sqliteCode(error: unknown): number | undefined {
  const isSqlite = error instanceof Error && "errcode" in error;
  return isSqlite && typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

/**
 * Whether the file is not what it should be, so that only making it anew helps. A missing table is
 * such a case too, and a row that is there already: our own statements are right.
 */
export function isCorrupt(error: unknown): boolean {
  const code = sqliteCode(error);
  const { corrupt, constraint, notADatabase } = CODES;
  const isWrong = [CODES.error, corrupt, constraint, notADatabase].includes(code as 1);
  return error instanceof Stale || isWrong;
}

/** Whether nothing can be written there. */
export function isUnwritable(error: unknown): boolean {
  const { permission, readOnly, cannotOpen } = CODES;
  return [permission, readOnly, cannotOpen].includes(sqliteCode(error) as 3);
}

/** Whether another process is writing the index just now. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === CODES.busy;
}

/** What the index holds is not what the ledger holds. */
export class Stale extends Error {
  override readonly name = "Stale";
}

/** What the caller is told of a failure that making the index anew does not mend. */
export function indexFailed(path: string, cause: unknown): SteleError {
  if (cause instanceof SteleError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SteleError("INDEX_FAILED", `the index ${path} failed: ${reason}`, { path, cause });
}

/** What those are told who ask, or wait, while the journal is closed. */
export function indexClosed(): SteleError {
  return new SteleError("JOURNAL_CLOSED", "the journal's index is closed");
}
