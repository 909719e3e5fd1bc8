import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { PlacedLine } from "@stele/store/reading";
import { AMOUNTS, NAMES, type Facts, type Name } from "./facts.ts";
import { createPart, mergePart, partName, partOf, ZONE_ENTRIES } from "./schema.ts";
import { token } from "./words.ts";
import type { WordsTable } from "./words-table.ts";

/** How many names of each kind, and words, are kept in memory. */
const MAX_CACHED = 50_000;

interface Zone {
  low: number;
  high: number;
}

/** A name that entries have: its number in rows, and its tokens, each with a space in front. */
interface Known {
  readonly number: number;
  readonly tokens: string;
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
  readonly #wordTokens = new Map<string, string>();
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
    let tokens = this.#ownTokens(facts);
    for (const name of NAMES) {
      const known = this.#known(name, names[name]);
      row[column++] = known?.number ?? null;
      if (known) tokens += known.tokens;
    }
    for (const amount of AMOUNTS) row[column++] = stored(amounts[amount]);
    this.#addEntry.run(...row);
    this.#partOf(seq).run(seq, tokens);
    this.#extendZone(Math.floor(seq / ZONE_ENTRIES), timeMs);
  }

  /** After a transaction that was undone: numbers that it gave may be others' now. */
  forget(): void {
    for (const name of NAMES) this.#names[name].clear();
    this.#zones.clear();
    this.#part = undefined;
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
      if (!this.#hasPart(number)) {
        if (this.#hasPart(number - 1)) this.#database.exec(mergePart(number - 1));
        this.#database.exec(createPart(number));
      }
      const sql = `INSERT INTO ${partName(number)} (rowid, tokens) VALUES (?, ?)`;
      this.#part = { number, add: this.#database.prepare(sql) };
    }
    return this.#part.add;
  }

  #hasPart(number: number): boolean {
    const sql = "SELECT 1 FROM sqlite_schema WHERE name = ?";
    return this.#database.prepare(sql).get(partName(number)) !== undefined;
  }

  #extendZone(number: number, timeMs: number): void {
    const zone = this.#zones.get(number);
    if (zone === undefined) this.#zones.set(number, { low: timeMs, high: timeMs });
    else {
      zone.low = Math.min(zone.low, timeMs);
      zone.high = Math.max(zone.high, timeMs);
    }
  }

  /** The tokens of what hardly two entries have in common. */
  #ownTokens({ id, parent, words }: Facts): string {
    let tokens = id === undefined ? "" : ` ${token("id", id)}`;
    if (parent !== undefined) tokens += ` ${token("parent", parent)}`;
    for (const word of words) {
      let known = this.#wordTokens.get(word);
      if (known === undefined) {
        known = ` ${token("word", word)}`;
        keep(this.#wordTokens, word, known);
      }
      tokens += known;
    }
    return tokens;
  }

  #known(name: Name, text: string | undefined): Known | undefined {
    if (text === undefined) return undefined;
    const names = this.#names[name];
    const known = names.get(text);
    if (known) return known;
    let tokens = ` ${token(name, text)}`;
    if (name === "type") for (const prefix of prefixes(text)) tokens += ` ${prefix}`;
    return keep(names, text, { number: this.#words.number(text), tokens });
  }
}

/** Keeps the value, and forgets all others first when there are too many. */
function keep<Value>(cache: Map<string, Value>, key: string, value: Value): Value {
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(key, value);
  return value;
}

/** The tokens of all that ends with a dot in a type: `a.` and `a.b.` of `a.b.c`. */
function* prefixes(type: string): Generator<string> {
  for (let dot = type.indexOf("."); dot >= 0; dot = type.indexOf(".", dot + 1)) {
    yield token("typePrefix", type.slice(0, dot + 1));
  }
}

/** SQLite's integers are signed: the upper half of 2^64 is stored as negative numbers. */
function stored(amount: bigint | undefined): number | bigint | null {
  if (amount === undefined) return null;
  return amount <= MAX_SAFE ? Number(amount) : BigInt.asIntN(64, amount);
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
