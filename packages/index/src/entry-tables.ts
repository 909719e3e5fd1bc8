import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { PlacedLine } from "@stele/store/reading";
import { AMOUNTS, NAMES, type Facts, type Name } from "./facts.ts";
import { createPart, partName, partOf, ZONE_ENTRIES } from "./schema.ts";
import { token } from "./words.ts";
import type { WordsTable } from "./words-table.ts";

/** How many tokens of names are kept in memory. */
const MAX_CACHED = 50_000;

interface Zone {
  low: number;
  high: number;
}

/** Writes the rows of entries: what they are counted by, their tokens, and the zones of time. */
export class EntryTables {
  readonly #database: DatabaseSync;
  readonly #words: WordsTable;
  readonly #addEntry: StatementSync;
  readonly #addZone: StatementSync;
  /** Of the entry that is being added: one for all, since there are many. */
  readonly #row: (number | bigint | null)[] = [];
  readonly #zones = new Map<number, Zone>();
  readonly #tokens = new Map<string, string>();
  #part: { readonly number: number; readonly add: StatementSync } | undefined;

  constructor(database: DatabaseSync, words: WordsTable) {
    this.#database = database;
    this.#words = words;
    const places = Array.from({ length: 4 + NAMES.length + AMOUNTS.length }, () => "?");
    this.#addEntry = database.prepare(`INSERT INTO entry VALUES (${places.join(", ")})`);
    this.#addZone = database.prepare(
      `INSERT INTO zone VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET low = min(low, excluded.low), high = max(high, excluded.high)`,
    );
  }

  /** Within a transaction. */
  add({ entry, offsetBytes, sizeBytes }: PlacedLine, facts: Facts): void {
    const { seq } = entry;
    const { timeMs, names, amounts } = facts;
    const row = this.#row;
    row[0] = seq;
    row[1] = offsetBytes;
    row[2] = sizeBytes;
    row[3] = timeMs;
    let column = 4;
    for (const name of NAMES) row[column++] = this.#wordNumber(names[name]);
    for (const amount of AMOUNTS) row[column++] = stored(amounts[amount]);
    this.#addEntry.run(...row);
    this.#partOf(seq).run(seq, this.#tokensOf(facts));
    this.#extendZone(Math.floor(seq / ZONE_ENTRIES), timeMs);
  }

  /** At the end of a transaction that added entries. */
  flushZones(): void {
    for (const [zone, { low, high }] of this.#zones) this.#addZone.run(zone, low, high);
    this.#zones.clear();
  }

  /** Within a transaction: the rows go, and whole parts of the tokens. */
  removeBefore(first: number): void {
    const { changes } = this.#database.prepare("DELETE FROM entry WHERE seq < ?").run(first);
    if (changes === 0) return;
    const parts = this.#database.prepare(
      "SELECT name FROM sqlite_schema WHERE name GLOB 'tokens_*' AND sql LIKE 'CREATE VIRTUAL%'",
    );
    for (const { name } of parts.all()) {
      const part = Number(String(name).slice("tokens_".length));
      if (part < partOf(first)) this.#database.exec(`DROP TABLE ${partName(part)}`);
    }
  }

  #partOf(seq: number): StatementSync {
    const number = partOf(seq);
    if (this.#part?.number !== number) {
      this.#database.exec(createPart(number));
      const sql = `INSERT INTO ${partName(number)} (rowid, tokens) VALUES (?, ?)`;
      this.#part = { number, add: this.#database.prepare(sql) };
    }
    return this.#part.add;
  }

  #wordNumber(text: string | undefined): number | null {
    return text === undefined ? null : this.#words.number(text);
  }

  #extendZone(number: number, timeMs: number): void {
    const zone = this.#zones.get(number);
    if (zone === undefined) this.#zones.set(number, { low: timeMs, high: timeMs });
    else {
      zone.low = Math.min(zone.low, timeMs);
      zone.high = Math.max(zone.high, timeMs);
    }
  }

  #tokensOf({ id, parent, names, words }: Facts): string {
    let tokens = id === undefined ? "" : ` ${token("id", id)}`;
    if (parent !== undefined) tokens += ` ${token("parent", parent)}`;
    for (const name of NAMES) {
      const value = names[name];
      if (value !== undefined) tokens += this.#cached(name, value);
    }
    for (const word of words) tokens += this.#cached("word", word);
    return tokens;
  }

  /** With a space in front. */
  #cached(kind: Name | "word", value: string): string {
    const key = kind + value;
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    let tokens = ` ${token(kind, value)}`;
    if (kind === "type") for (const prefix of prefixes(value)) tokens += ` ${prefix}`;
    if (this.#tokens.size >= MAX_CACHED) this.#tokens.clear();
    this.#tokens.set(key, tokens);
    return tokens;
  }
}

/** The tokens of all that ends with a dot in a type: `a.` and `a.b.` of `a.b.c`. */
function* prefixes(type: string): Generator<string> {
  for (let dot = type.indexOf("."); dot >= 0; dot = type.indexOf(".", dot + 1)) {
    yield token("typePrefix", type.slice(0, dot + 1));
  }
}

/** SQLite's integers are signed: the upper half of 2^64 is stored as negative numbers. */
function stored(amount: number | bigint | undefined): number | bigint | null {
  return typeof amount === "bigint" ? BigInt.asIntN(64, amount) : (amount ?? null);
}
