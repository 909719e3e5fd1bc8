import fs from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { EntryColumns } from "./entry-columns.ts";
import { isBusy, isUnwritable, Stale } from "./index-error.ts";
import { EntryTables } from "./entry-tables.ts";
import { PartFilters } from "./part-filters.ts";
import { Rollups } from "./rollups.ts";
import { APPLICATION_ID, PRAGMAS, SCHEMA_VERSION, SUMMED_ENTRIES, TABLES } from "./schema.ts";
import { WordsTable } from "./words-table.ts";

/** How far the index goes. */
export interface Cursor {
  /** The first entry that it has; what was pruned is not in it. */
  readonly first: number;
  /** The entry that it needs next. */
  readonly next: number;
  /** The hash of the entry before that; null when it has none. */
  readonly hash: string | null;
  /** The entries before this one are in the sums. */
  readonly summed: number;
}

/** Where the index is kept in private when the directory takes no file. */
const TEMPORARY = "";

const OPEN_ATTEMPTS = 100;
const OPEN_DELAY_MS = 20;

/** The file of an index, open: SQLite, synchronous. */
export class IndexFile implements Disposable {
  readonly database: DatabaseSync;
  readonly words: WordsTable;
  readonly filters: PartFilters;
  readonly #entries: EntryTables;
  readonly #rollups: Rollups;
  readonly #readCursor: StatementSync;
  readonly #moveCursor: StatementSync;

  readonly #summedEntries: number;

  private constructor(database: DatabaseSync, summedEntries: number) {
    this.database = database;
    this.#summedEntries = summedEntries;
    this.words = new WordsTable(database);
    this.filters = new PartFilters(database);
    this.#entries = new EntryTables(database, this.words, this.filters);
    this.#rollups = new Rollups(database);
    this.#readCursor = database.prepare("SELECT first, next, hash, summed FROM cursor");
    this.#moveCursor = database.prepare(
      "UPDATE cursor SET first = ?, next = ?, hash = ?, summed = ?",
    );
  }

  /**
   * Opens the index at the path, and makes it when it is missing. Throws SQLite's errors, and Stale
   * when the file has other tables than this version makes.
   */
  static open(path: string, summedEntries: number = SUMMED_ENTRIES): IndexFile {
    for (let attempt = 1; ; attempt++) {
      try {
        return IndexFile.#open(path, summedEntries);
      } catch (error) {
        // SQLite does not wait while another process makes the file.
        if (!isBusy(error) || attempt === OPEN_ATTEMPTS) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_DELAY_MS);
      }
    }
  }

  static #open(path: string, summedEntries: number): IndexFile {
    // Not an import: Node 22 would warn whoever imports this package that it is experimental.
    const sqlite = process.getBuiltinModule("node:sqlite");
    const database = new sqlite.DatabaseSync(path);
    try {
      database.exec(PRAGMAS);
      database.exec("BEGIN IMMEDIATE");
      prepareTables(database);
      database.exec("COMMIT");
      return new IndexFile(database, summedEntries);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /**
   * An index that nobody else sees, and that ends with its process. `summedEntries`: how many
   * entries may wait until they are in the sums.
   */
  static openTemporary(summedEntries?: number): IndexFile {
    return IndexFile.open(TEMPORARY, summedEntries);
  }

  /**
   * Takes the file away, so that it is made anew. Who has it open keeps what it has: SQLite does
   * not touch files by their names once the database itself was moved.
   */
  static remove(path: string): void {
    for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(path + suffix, { force: true });
  }

  cursor(): Cursor {
    const row = this.#readCursor.get();
    if (row === undefined) throw new Stale("the index has no cursor");
    const { first, next, hash, summed } = row;
    return {
      first: Number(first),
      next: Number(next),
      hash: hash as string | null,
      summed: Number(summed),
    };
  }

  /**
   * Adds entries in a row, in one transaction, when the index still ends where the caller thinks.
   * Returns where it ends now: another process may have fed it meanwhile.
   */
  add(columns: EntryColumns, expected: Cursor): Cursor {
    return this.#transaction(() => {
      const now = this.cursor();
      if (now.next !== expected.next || now.hash !== expected.hash) return now;
      this.#entries.add(columns);
      const first = now.hash === null ? columns.first : now.first;
      const next = columns.first + columns.count;
      const from = Math.max(first, now.summed);
      const isTime = next - from >= this.#summedEntries;
      if (isTime) this.#rollups.add(from, next);
      const moved = { first, next, hash: columns.hash, summed: isTime ? next : from };
      this.#move(moved);
      return moved;
    });
  }

  /** Forgets the entries before `first`, which were pruned from the ledger. */
  forgetBefore(first: number): Cursor {
    return this.#transaction(() => {
      const now = this.cursor();
      if (first <= now.first || first > now.next) return now;
      this.#rollups.remove(now.first, Math.min(first, now.summed));
      this.#entries.removeBefore(first);
      const next = { ...now, first, summed: Math.max(first, now.summed) };
      this.#move(next);
      return next;
    });
  }

  [Symbol.dispose](): void {
    if (this.database.isOpen) this.database.close();
  }

  #move({ first, next, hash, summed }: Cursor): void {
    this.#moveCursor.run(first, next, hash, summed);
  }

  #transaction<T>(work: () => T): T {
    this.database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.database.exec("COMMIT");
      return result;
    } catch (error) {
      this.words.forget();
      this.#entries.forget();
      if (this.database.isTransaction) this.database.exec("ROLLBACK");
      throw error;
    }
  }
}

function prepareTables(database: DatabaseSync): void {
  const version = pragma(database, "user_version");
  const application = pragma(database, "application_id");
  if (version === 0 && application === 0 && pragma(database, "schema_version") === 0) {
    database.exec(TABLES);
  } else if (version !== SCHEMA_VERSION || application !== APPLICATION_ID) {
    throw new Stale(`its tables have version ${version}, this version makes ${SCHEMA_VERSION}`);
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/** Whether a file can be made in the directory: when the error says that it cannot be written. */
export function takesNoFile(directory: string, error: unknown): boolean {
  if (isUnwritable(error)) return true;
  try {
    fs.accessSync(directory, fs.constants.W_OK);
    return false;
  } catch {
    return true;
  }
}
