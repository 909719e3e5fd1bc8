import { AMOUNTS, NAMES } from "./facts.ts";

// The tables of index.sqlite (spec/index.md).

/** The version of the tables, in SQLite's user_version. Another one is rebuilt. */
export const SCHEMA_VERSION = 3;
/** SQLite's application_id: "Stel". */
export const APPLICATION_ID = 0x5374656c;
/** How many entries share a table of tokens: so many a search may have to pass over. */
export const PART_ENTRIES: number = 2 ** 17;
/** So many entries may wait until they are in the sums: their rows are read meanwhile. */
export const SUMMED_ENTRIES: number = 2 ** 14;
/** How many entries share one note of their earliest and latest time. */
export const ZONE_ENTRIES: number = 2 ** 10;

/**
 * Readers go on while another process feeds it (WAL). A power cut may cost the last transactions,
 * never the file: checkpoints are synced, and seldom, since each sync delays the ledger's.
 */
export const PRAGMAS = `
  PRAGMA busy_timeout = 10000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 8000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA cache_size = -32000;
  PRAGMA temp_store = MEMORY;
`;

/** The columns of sums: the upper and the lower 32 bits of each amount are summed apart. */
export const HALVES: readonly string[] = AMOUNTS.flatMap((name) => [`${name}High`, `${name}Low`]);

/** Makes the tables in an empty file. */
export const TABLES: string = `
  CREATE TABLE cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    first INTEGER NOT NULL, next INTEGER NOT NULL, hash TEXT, summed INTEGER NOT NULL
  );
  INSERT INTO cursor VALUES (1, 0, 0, NULL, 0);
  CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
  CREATE TABLE zone (zone INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL);
  CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, offset INTEGER NOT NULL, size INTEGER NOT NULL,
    time INTEGER NOT NULL, ${[...NAMES, ...AMOUNTS].map((name) => `${name} INTEGER`).join(", ")}
  );
  CREATE TABLE rollup (
    kind INTEGER NOT NULL, start INTEGER NOT NULL,
    ${NAMES.map((name) => `${name} INTEGER NOT NULL`).join(", ")},
    count INTEGER NOT NULL, ${HALVES.map((half) => `${half} INTEGER NOT NULL`).join(", ")},
    PRIMARY KEY (kind, start, ${NAMES.join(", ")})
  ) WITHOUT ROWID;
  CREATE TABLE filter (
    block INTEGER NOT NULL, part INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (block, part)
  ) WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** How much FTS5 gathers of a transaction before it writes a run. */
const RUN_BYTES = 2 ** 24;

/**
 * The tokens of the entries of one part: no text, and nothing but which entries have which. Its
 * runs are long and few, and hardly merged before it is full.
 */
export function createPart(part: number): string {
  const name = partName(part);
  return `
    CREATE VIRTUAL TABLE ${name} USING fts5(
      tokens, content = '', detail = none, columnsize = 0, tokenize = 'ascii');
    INSERT INTO ${name} (${name}, rank) VALUES ('automerge', 0), ('hashsize', ${RUN_BYTES});
  `;
}

/** Merges all runs of a part that is full: what is rare in it is found by one look then. */
export function mergePart(part: number): string {
  const name = partName(part);
  return `INSERT INTO ${name} (${name}) VALUES ('optimize')`;
}

/** The name of a part's table. */
export function partName(part: number): string {
  return `tokens_${part}`;
}

/** The part that holds the entry's tokens. */
export function partOf(seq: number): number {
  return Math.floor(seq / PART_ENTRIES);
}
