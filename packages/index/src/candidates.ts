import type { StatementSync } from "node:sqlite";
import type { EntryPlace } from "@stele/store/reading";
import type { IndexFile } from "./index-file.ts";
import { tokensOf, type Conditions } from "./filter.ts";
import { partName, partOf, ZONE_ENTRIES } from "./schema.ts";

/** What to look for, at most so many, from which end. */
export interface Search {
  readonly conditions: Conditions;
  readonly order: "asc" | "desc";
  readonly limit: number;
}

/** The entries among which all lie that meet conditions of place and time. */
export interface SearchRange {
  readonly lo: number;
  readonly hi: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

const COLUMNS = "e.seq AS seq, e.offset AS offsetBytes, e.size AS sizeBytes";

/** Looks for entries in the tables. They may have to be looked at: see `token`. */
export class CandidateSearch {
  readonly #file: IndexFile;
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: IndexFile) {
    this.#file = file;
  }

  /** The places of the entries that may meet the conditions, in the order asked for. */
  find(search: Search): readonly EntryPlace[] {
    const { conditions, order, limit } = search;
    const range = this.range(conditions);
    const { lo, hi, sinceMs, untilMs } = range;
    if (lo > hi) return [];
    const tokens = tokensOf(conditions);
    if (tokens.length === 0) {
      const sql = `SELECT ${COLUMNS} FROM entry e WHERE e.seq BETWEEN ? AND ?
        AND e.time BETWEEN ? AND ? ORDER BY e.seq ${order} LIMIT ?`;
      return places(this.#prepare(sql).all(lo, hi, sinceMs, untilMs, limit));
    }
    const query = tokens.join(" AND ");
    const found: EntryPlace[] = [];
    for (const part of this.parts(tokens, { lo, hi, order })) {
      const name = partName(part);
      const sql = `SELECT ${COLUMNS} FROM ${name} CROSS JOIN entry e ON e.seq = ${name}.rowid
        WHERE ${name} MATCH ? AND ${name}.rowid BETWEEN ? AND ? AND e.time BETWEEN ? AND ?
        ORDER BY ${name}.rowid ${order} LIMIT ?`;
      const rest = limit - found.length;
      found.push(...places(this.#prepare(sql).all(query, lo, hi, sinceMs, untilMs, rest)));
      if (found.length >= limit) break;
    }
    return found;
  }

  /** The entries among which all lie that meet the conditions' places and times. */
  range(conditions: Conditions): SearchRange {
    const { first, next } = this.#file.cursor();
    const sinceMs = Math.max(conditions.sinceMs, -MAX_MS);
    const untilMs = Math.min(conditions.untilMs, MAX_MS);
    let lo = Math.max(conditions.from, first);
    let hi = Math.min(conditions.to, next - 1);
    if (sinceMs > -MAX_MS || untilMs < MAX_MS) {
      const sql = "SELECT min(zone) AS lo, max(zone) AS hi FROM zone WHERE high >= ? AND low <= ?";
      const zones = this.#prepare(sql).get(sinceMs, untilMs);
      if (zones?.["lo"] === null || zones === undefined) return { lo: 1, hi: 0, sinceMs, untilMs };
      lo = Math.max(lo, Number(zones["lo"]) * ZONE_ENTRIES);
      hi = Math.min(hi, (Number(zones["hi"]) + 1) * ZONE_ENTRIES - 1);
    }
    return { lo, hi, sinceMs, untilMs };
  }

  /** The parts in which entries of the range may have all of the tokens, in the order of search. */
  *parts(
    tokens: readonly string[],
    { lo, hi, order }: Pick<SearchRange, "lo" | "hi"> & Pick<Search, "order">,
  ): Generator<number, void, undefined> {
    const [first, last] = [partOf(lo), partOf(hi)];
    const [begin, end, step] = order === "asc" ? [first, last, 1] : [last, first, -1];
    yield begin;
    if (begin === end) return;
    // Only now: most searches end in their first part.
    const without = this.#file.filters.without(tokens, first, last);
    for (let part = begin + step; part !== end + step; part += step) {
      if (!without.has(part)) yield part;
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#file.database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Further than any time that an entry can have. */
const MAX_MS = Number.MAX_SAFE_INTEGER;

function places(rows: readonly Record<string, unknown>[]): readonly EntryPlace[] {
  return rows.map(({ seq, offsetBytes, sizeBytes }) => ({
    seq: Number(seq),
    offsetBytes: Number(offsetBytes),
    sizeBytes: Number(sizeBytes),
  }));
}
