import type { DatabaseSync, StatementSync } from "node:sqlite";
import { PLACE_COLUMNS, TIME_COLUMN, type EntryColumns, type NameColumn } from "./entry-columns.ts";
import { AMOUNTS, NAMES, type Name } from "./facts.ts";
import type { PartFilters } from "./part-filters.ts";
import { createPart, mergePart, partName, partOf, ZONE_ENTRIES } from "./schema.ts";
import { token } from "./words.ts";
import type { WordsTable } from "./words-table.ts";

/** How many names of each kind are kept in memory. */
const MAX_CACHED = 50_000;

/** How many rows are written by one statement: each has a price of its own. */
const ROWS_AT_ONCE = 16;
const ROW_COLUMNS = 1 + PLACE_COLUMNS + NAMES.length + AMOUNTS.length;

/** A name that entries have: its number in rows, and its tokens, each with a space in front. */
interface Known {
  readonly number: number;
  readonly tokens: string;
}

/** The names of one kind that entries have, and which each of them has. */
interface Names {
  readonly known: readonly Known[];
  readonly numbers: NameColumn["numbers"];
}

/** Writes the rows of entries: what they are counted by, their tokens, and the zones of time. */
export class EntryTables {
  readonly #database: DatabaseSync;
  readonly #words: WordsTable;
  readonly #filters: PartFilters;
  readonly #addEntry: StatementSync;
  readonly #addZone: StatementSync;
  readonly #addEntries: StatementSync;
  readonly #names: Readonly<Record<Name, Map<string, Known>>> = {
    type: new Map(),
    agent: new Map(),
    session: new Map(),
    tool: new Map(),
    model: new Map(),
    provider: new Map(),
    verdict: new Map(),
  };
  #part: { readonly number: number; readonly add: StatementSync } | undefined;

  constructor(database: DatabaseSync, words: WordsTable, filters: PartFilters) {
    this.#database = database;
    this.#words = words;
    this.#filters = filters;
    const places = `(${listOf(ROW_COLUMNS, "?")})`;
    this.#addEntry = database.prepare(`INSERT INTO entry VALUES ${places}`);
    this.#addEntries = database.prepare(`INSERT INTO entry VALUES ${listOf(ROWS_AT_ONCE, places)}`);
    this.#addZone = database.prepare(
      `INSERT INTO zone VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET low = min(low, excluded.low), high = max(high, excluded.high)`,
    );
  }

  /** Within a transaction. */
  add(columns: EntryColumns): void {
    const names = NAMES.map((name) => {
      const { texts, numbers } = columns.names[name];
      return { known: texts.map((text) => this.#known(name, text)), numbers };
    });
    this.#addRows(columns, names);
    this.#addZones(columns);
    // Last: FTS5 writes what it gathered as soon as a statement of several rows follows.
    this.#addTokens(columns, names);
  }

  /** After a transaction that was undone: numbers that it gave may be others' now. */
  forget(): void {
    for (const name of NAMES) this.#names[name].clear();
    this.#part = undefined;
  }

  /** Within a transaction: the rows go, and whole parts of the tokens. */
  removeBefore(first: number): void {
    const { changes } = this.#database.prepare("DELETE FROM entry WHERE seq < ?").run(first);
    if (changes === 0) return;
    this.#filters.removeBefore(partOf(first));
    const parts = this.#database.prepare(
      "SELECT name FROM sqlite_schema WHERE name GLOB 'tokens_*' AND sql LIKE 'CREATE VIRTUAL%'",
    );
    for (const { name } of parts.all()) {
      const part = Number(String(name).slice("tokens_".length));
      if (part < partOf(first)) this.#database.exec(`DROP TABLE ${partName(part)}`);
    }
  }

  #addRows({ first, count, places, amounts }: EntryColumns, names: readonly Names[]): void {
    const row: (number | bigint | null)[] = [];
    for (let at = 0; at < count; at++) {
      row.push(first + at);
      for (let column = 0; column < PLACE_COLUMNS; column++) {
        row.push(places[PLACE_COLUMNS * at + column]!);
      }
      for (const { known, numbers } of names) row.push(known[numbers[at]! - 1]?.number ?? null);
      for (let column = 0; column < AMOUNTS.length; column++) {
        row.push(amounts[AMOUNTS.length * at + column]!);
      }
      if (row.length < ROWS_AT_ONCE * ROW_COLUMNS) continue;
      this.#addEntries.run(...row);
      row.length = 0;
    }
    for (let at = 0; at < row.length; at += ROW_COLUMNS) {
      this.#addEntry.run(...row.slice(at, at + ROW_COLUMNS));
    }
  }

  #addZones({ first, count, places }: EntryColumns): void {
    for (let at = 0; at < count;) {
      const zone = Math.floor((first + at) / ZONE_ENTRIES);
      const end = Math.min(count, (zone + 1) * ZONE_ENTRIES - first);
      let [low, high] = [Infinity, -Infinity];
      for (; at < end; at++) {
        const timeMs = places[PLACE_COLUMNS * at + TIME_COLUMN]!;
        low = Math.min(low, timeMs);
        high = Math.max(high, timeMs);
      }
      this.#addZone.run(zone, low, high);
    }
  }

  #addTokens({ first, count, tokens }: EntryColumns, names: readonly Names[]): void {
    for (let at = 0; at < count; at++) {
      let all = tokens[at]!;
      for (const { known, numbers } of names) all += known[numbers[at]! - 1]?.tokens ?? "";
      this.#partOf(first + at).run(first + at, all);
    }
  }

  #partOf(seq: number): StatementSync {
    const number = partOf(seq);
    if (this.#part?.number !== number) {
      if (!this.#hasPart(number)) {
        if (this.#hasPart(number - 1)) this.#finishPart(number - 1);
        this.#database.exec(createPart(number));
      }
      const sql = `INSERT INTO ${partName(number)} (rowid, tokens) VALUES (?, ?)`;
      this.#part = { number, add: this.#database.prepare(sql) };
    }
    return this.#part.add;
  }

  #finishPart(number: number): void {
    this.#database.exec(mergePart(number));
    this.#filters.make(number);
  }

  #hasPart(number: number): boolean {
    const sql = "SELECT 1 FROM sqlite_schema WHERE name = ?";
    return this.#database.prepare(sql).get(partName(number)) !== undefined;
  }

  #known(name: Name, text: string): Known {
    const names = this.#names[name];
    const known = names.get(text);
    if (known) return known;
    let tokens = ` ${token(name, text)}`;
    if (name === "type") for (const prefix of prefixes(text)) tokens += ` ${prefix}`;
    if (names.size >= MAX_CACHED) names.clear();
    const added = { number: this.#words.number(text), tokens };
    names.set(text, added);
    return added;
  }
}

function listOf(length: number, item: string): string {
  return Array.from({ length }, () => item).join(", ");
}

/** The tokens of all that ends with a dot in a type: `a.` and `a.b.` of `a.b.c`. */
function* prefixes(type: string): Generator<string> {
  for (let dot = type.indexOf("."); dot >= 0; dot = type.indexOf(".", dot + 1)) {
    yield token("typePrefix", type.slice(0, dot + 1));
  }
}
