import type { CandidateSearch, SearchRange } from "./candidates.ts";
import { AMOUNTS, NAMES, type Amount, type Name } from "./facts.ts";
import { tokensOf, type Conditions } from "./filter.ts";
import type { IndexFile } from "./index-file.ts";
import { DAY_MS, flooredQuotient, HOUR_MS, KINDS, ROW_SUMS } from "./rollups.ts";
import { HALVES, partName } from "./schema.ts";
import { groupMs, Tally, timeKey, type Group, type Stat } from "./stats.ts";

const ROLLUP_SUMS = ["count", ...HALVES].map((name) => `sum(e.${name}) AS ${name}`).join(", ");

/** What is added up, and how it is grouped. */
export interface SumRequest {
  readonly conditions: Conditions;
  readonly group: Group | undefined;
}

/** Times in milliseconds, both ends included. */
interface Times {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Adds up what is kept for whole hours and days, and the rows of entries where that does not do.
 * Exact as far as the index is right; no evidence.
 */
export function sumRows(
  file: IndexFile,
  search: CandidateSearch,
  request: SumRequest,
): readonly Stat[] {
  const { conditions, group } = request;
  const tally = new Tally(group);
  const terms = nameTerms(file, conditions);
  // Undefined when no entry can meet them.
  if (terms !== undefined) new Summing(file, search, { ...request, terms, tally }).run();
  return tally.stats();
}

interface Task extends SumRequest {
  /** What the names must be, as SQL. */
  readonly terms: readonly string[];
  readonly tally: Tally;
}

class Summing {
  readonly #file: IndexFile;
  readonly #search: CandidateSearch;
  readonly #task: Task;

  constructor(file: IndexFile, search: CandidateSearch, task: Task) {
    this.#file = file;
    this.#search = search;
    this.#task = task;
  }

  run(): void {
    const { conditions, group } = this.#task;
    const kinds = kindsOf(conditions, group);
    const range = this.#search.range(conditions);
    if (kinds === undefined) return this.#addByTokens(range);
    const { first, summed } = this.#file.cursor();
    const from = Math.max(first, conditions.from);
    const to = Math.min(summed - 1, conditions.to);
    // Sums know nothing of places: what lies outside is taken away again, where that is less.
    const isMost = to - from + 1 > (summed - first) / 2;
    const whole = isMost ? this.#addRollups(kinds, conditions) : undefined;
    if (whole === undefined) return this.#addRows(range);
    const { sinceMs, untilMs } = conditions;
    this.#addRowsOf({ sinceMs, untilMs: whole.sinceMs - 1 });
    this.#addRowsOf({ sinceMs: whole.untilMs + 1, untilMs });
    this.#addRowsOf({ ...whole, from: summed });
    this.#addRowsOf({ ...whole, from: 0, to: from - 1 }, -1);
    this.#addRowsOf({ ...whole, from: to + 1, to: summed - 1 }, -1);
  }

  /** Adds what is kept for whole hours. Returns their times; undefined when there is none. */
  #addRollups(kinds: Kinds, times: Times): Times | undefined {
    const hours = wholeUnits(times, HOUR_MS);
    if (hours === undefined) return undefined;
    const days = kinds.days === undefined ? undefined : wholeUnits(hours, DAY_MS);
    if (kinds.days === undefined || days === undefined) {
      this.#addKind(kinds.hours, HOUR_MS, hours);
      return hours;
    }
    this.#addKind(kinds.days, DAY_MS, days);
    this.#addKind(kinds.hours, HOUR_MS, { ...hours, untilMs: days.sinceMs - 1 });
    this.#addKind(kinds.hours, HOUR_MS, { ...hours, sinceMs: days.untilMs + 1 });
    return hours;
  }

  #addKind(kind: number, unitMs: number, { sinceMs, untilMs }: Times): void {
    if (sinceMs > untilMs) return;
    const { group, terms } = this.#task;
    const ms = groupMs(group);
    const start =
      ms === undefined || ms === unitMs ? "e.start" : flooredQuotient("e.start", ms / unitMs);
    const key = ms === undefined ? `nullif(e.${group}, 0)` : start;
    const sql = `SELECT ${group === undefined ? "NULL" : key} AS key, ${ROLLUP_SUMS} FROM rollup e
      WHERE ${["e.kind = ? AND e.start BETWEEN ? AND ?", ...terms].join(" AND ")} GROUP BY key`;
    this.#tally(sql, [kind, Math.floor(sinceMs / unitMs), Math.floor(untilMs / unitMs)], 1);
  }

  /** The rows that meet these conditions instead of the question's. */
  #addRowsOf(others: Partial<Conditions>, sign: 1 | -1 = 1): void {
    this.#addRows(this.#search.range({ ...this.#task.conditions, ...others }), sign);
  }

  #addRows({ lo, hi, sinceMs, untilMs }: SearchRange, sign: 1 | -1 = 1): void {
    if (lo > hi) return;
    this.#tally(this.#rowsSql("entry e", []), [lo, hi, sinceMs, untilMs], sign);
  }

  /** What no sums tell. */
  #addByTokens({ lo, hi, sinceMs, untilMs }: SearchRange): void {
    if (lo > hi) return;
    const tokens = tokensOf(this.#task.conditions);
    const query = tokens.join(" AND ");
    for (const part of this.#search.parts(tokens, { lo, hi, order: "asc" })) {
      const name = partName(part);
      const found = [`${name} MATCH ?`, `${name}.rowid BETWEEN ? AND ?`];
      const sql = this.#rowsSql(`${name} CROSS JOIN entry e ON e.seq = ${name}.rowid`, found);
      this.#tally(sql, [query, lo, hi, lo, hi, sinceMs, untilMs], 1);
    }
  }

  #rowsSql(tables: string, found: readonly string[]): string {
    const { group, terms } = this.#task;
    const ms = groupMs(group);
    const key = ms === undefined ? `e.${group}` : flooredQuotient("e.time", ms);
    const bounds = "e.seq BETWEEN ? AND ? AND e.time BETWEEN ? AND ?";
    return `SELECT ${group === undefined ? "NULL" : key} AS key, ${ROW_SUMS}
      FROM ${tables} WHERE ${[...found, bounds, ...terms].join(" AND ")} GROUP BY key`;
  }

  #tally(sql: string, values: readonly (number | string)[], sign: 1 | -1): void {
    const { group, tally } = this.#task;
    const statement = this.#file.database.prepare(sql);
    statement.setReadBigInts(true);
    for (const row of statement.iterate(...values)) {
      const sums = AMOUNTS.map((name) => [name, BigInt(sign) * joined(row, name)]);
      const amounts = Object.fromEntries(sums) as Record<Amount, bigint>;
      const key = keyText(this.#file, row["key"], group);
      tally.add({ key, count: sign * Number(row["count"]), ...amounts });
    }
  }
}

/** The sums that are kept by hour, and by day if there are, from which a question is answered. */
interface Kinds {
  readonly hours: number;
  readonly days: number | undefined;
}

/** Undefined when only the entries that have the tokens of the conditions can tell. */
function kindsOf(conditions: Conditions, group: Group | undefined): Kinds | undefined {
  const { id, parent, words, names, typePrefix } = conditions;
  if (id !== undefined || parent !== undefined || words.length > 0) return undefined;
  const isUsed = (name: Name): boolean =>
    names[name] !== undefined || group === name || (name === "type" && typePrefix !== undefined);
  const used = NAMES.filter(isUsed);
  const [first] = used;
  if (first === undefined) return { hours: KINDS.hours, days: undefined };
  if (used.length === 1) return { hours: kindOf(first), days: undefined };
  const days = group === "hour" ? undefined : KINDS.days;
  if (!isUsed("session")) return { hours: KINDS.allNames, days };
  const isWithAgent = used.length === 2 && isUsed("agent");
  return isWithAgent ? { hours: kindOf("session"), days: undefined } : undefined;
}

function kindOf(name: Name): number {
  return KINDS.firstName + NAMES.indexOf(name);
}

/** The times of the hours or days that lie within the times as a whole. */
function wholeUnits({ sinceMs, untilMs }: Times, unitMs: number): Times | undefined {
  const first = Math.ceil(sinceMs / unitMs);
  const end = Math.floor((Math.floor(untilMs) + 1) / unitMs);
  return first < end ? { sinceMs: first * unitMs, untilMs: end * unitMs - 1 } : undefined;
}

/** As SQL; undefined when no entry can meet them, because none has such a name. */
function nameTerms(
  file: IndexFile,
  { names, typePrefix }: Conditions,
): readonly string[] | undefined {
  const terms: string[] = [];
  for (const name of NAMES) {
    const text = names[name];
    if (text === undefined) continue;
    const number = file.words.find(text);
    if (number === undefined) return undefined;
    terms.push(`e.${name} = ${number}`);
  }
  if (typePrefix !== undefined) {
    // Types are lower-case letters, digits, dashes and dots.
    if (!/^[a-z0-9._-]+$/.test(typePrefix)) return undefined;
    terms.push(`e.type IN (SELECT id FROM word WHERE text GLOB '${typePrefix}*')`);
  }
  return terms;
}

function joined(row: Readonly<Record<string, unknown>>, name: Amount): bigint {
  const [high, low] = [row[`${name}High`], row[`${name}Low`]];
  return (BigInt((high as bigint | null) ?? 0) << 32n) + BigInt((low as bigint | null) ?? 0);
}

function keyText(file: IndexFile, value: unknown, group: Group | undefined): string | null {
  if (value === null || group === undefined) return null;
  if (group === "hour" || group === "day") return timeKey(Number(value) * groupMs(group)!, group);
  return file.words.text(Number(value));
}
