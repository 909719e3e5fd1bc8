import type { DatabaseSync, StatementSync } from "node:sqlite";
import { AMOUNTS, NAMES } from "./facts.ts";
import { HALVES } from "./schema.ts";

// Sums over the rows of entries, so that questions need not read each row: by hour; by hour and
// each of the names, a session with its agent; by hour, and by day, and all names but the session,
// of which there are too many.

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
const HOURS_A_DAY = 24;
/** The lower 32 bits. */
const LOW = 2 ** 32 - 1;

/** What sums are kept apart by, besides time. */
export const KINDS: Readonly<Record<"hours" | "firstName" | "allNames" | "days", number>> = {
  /** Nothing. */
  hours: 0,
  /** This one and the next ones: one of NAMES, in their order; a session with its agent. */
  firstName: 1,
  /** All names but the session. */
  allNames: NAMES.length + 1,
  /** As well, but by day. */
  days: NAMES.length + 2,
};

const SESSION = NAMES.indexOf("session");
const AGENT = NAMES.indexOf("agent");
/** The names by which rows are sorted: first the one that tells most of them apart. */
const SORTED = ["session", ...NAMES.filter((name) => name !== "session")];
const KEY = ["kind", "start", ...NAMES];
const SUMS = ["count", ...HALVES];

/** Of rows `e` of entries. SQLite's sums end at 2^63: the halves of a number are summed apart. */
export const ROW_SUMS: string = [
  "count(*) AS count",
  ...AMOUNTS.flatMap((name) => [
    `ifnull(sum((e.${name} >> 32) & ${LOW}), 0) AS ${name}High`,
    `ifnull(sum(e.${name} & ${LOW}), 0) AS ${name}Low`,
  ]),
].join(", ");

/** One row: its key, and what is added to it. */
interface Cell {
  readonly key: readonly number[];
  readonly sums: number[];
}

/** Brings the sums up to the rows. */
export class Rollups {
  readonly #groups: StatementSync;
  readonly #upsert: StatementSync;
  readonly #removeEmpty: StatementSync;

  constructor(database: DatabaseSync) {
    const names = NAMES.map((name) => `ifnull(e.${name}, 0) AS ${name}`).join(", ");
    this.#groups = database.prepare(
      `SELECT ${flooredQuotient("e.time", HOUR_MS)} AS start, ${names}, ${ROW_SUMS}
       FROM entry e WHERE e.seq >= ? AND e.seq < ? GROUP BY ${SORTED.join(", ")}, start`,
    );
    const places = [...KEY, ...SUMS].map(() => "?").join(", ");
    const added = SUMS.map((name) => `${name} = ${name} + excluded.${name}`).join(", ");
    this.#upsert = database.prepare(
      `INSERT INTO rollup VALUES (${places}) ON CONFLICT DO UPDATE SET ${added}`,
    );
    const isKey = KEY.map((name) => `${name} = ?`).join(" AND ");
    this.#removeEmpty = database.prepare(`DELETE FROM rollup WHERE ${isKey} AND count = 0`);
  }

  /** Within a transaction: adds the rows of entries, up to `end`. */
  add(from: number, end: number): void {
    for (const [some, next] of inChunks(from, end)) {
      for (const { key, sums } of this.#cells(some, next)) this.#upsert.run(...key, ...sums);
    }
  }

  /** Within a transaction: takes away rows that were added. */
  remove(from: number, end: number): void {
    for (const [some, next] of inChunks(from, end)) {
      for (const { key, sums } of this.#cells(some, next)) {
        this.#upsert.run(...key, ...sums.map((sum) => -sum));
        this.#removeEmpty.run(...key);
      }
    }
  }

  #cells(from: number, end: number): Iterable<Cell> {
    const cells = new Cells();
    for (const row of this.#groups.iterate(from, end)) {
      const names = NAMES.map((name) => Number(row[name]));
      cells.add(
        Number(row["start"]),
        names,
        SUMS.map((name) => Number(row[name])),
      );
    }
    return cells.all();
  }
}

/** The rows to which entries belong. Most come again: only a new one gets a key of its own. */
class Cells {
  readonly #cells = new Map<string, Cell>();

  all(): Iterable<Cell> {
    return this.#cells.values();
  }

  /** Entries of an hour that have these names, and their sums. */
  add(hour: number, names: readonly number[], sums: readonly number[]): void {
    const all = names.map((number, at) => (at === SESSION ? 0 : number));
    const allText = all.join(",");
    const day = Math.floor(hour / HOURS_A_DAY);
    this.#join(`${KINDS.hours},${hour}`, sums, () => [KINDS.hours, hour, ...NAMES.map(() => 0)]);
    for (let at = 0; at < names.length; at++) {
      const kind = KINDS.firstName + at;
      const agent = at === SESSION ? names[AGENT]! : 0;
      this.#join(`${kind},${hour},${names[at]},${agent}`, sums, () => {
        const isKept = (other: number): boolean =>
          other === at || (other === AGENT && at === SESSION);
        return [kind, hour, ...names.map((number, other) => (isKept(other) ? number : 0))];
      });
    }
    const { allNames, days } = KINDS;
    this.#join(`${allNames},${hour},${allText}`, sums, () => [allNames, hour, ...all]);
    this.#join(`${days},${day},${allText}`, sums, () => [days, day, ...all]);
  }

  #join(text: string, sums: readonly number[], key: () => readonly number[]): void {
    const known = this.#cells.get(text);
    if (known === undefined) {
      this.#cells.set(text, { key: key(), sums: [...sums] });
      return;
    }
    for (let at = 0; at < sums.length; at++) known.sums[at]! += sums[at]!;
  }
}

/** So few at once that sums of their halves are exact as numbers: below 2^53. */
const CHUNK_ENTRIES = 2 ** 15;

function* inChunks(from: number, end: number): Generator<readonly [number, number]> {
  for (let some = from; some < end; some += CHUNK_ENTRIES) {
    yield [some, Math.min(end, some + CHUNK_ENTRIES)];
  }
}

/** As SQL. SQLite's own division is towards zero, and times before 1970 are negative. */
export function flooredQuotient(column: string, unit: number): string {
  return `((${column} - ((${column} % ${unit}) + ${unit}) % ${unit}) / ${unit})`;
}
