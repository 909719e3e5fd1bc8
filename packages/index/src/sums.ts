import type { CandidateSearch } from "./candidates.ts";
import { AMOUNTS, NAMES, type Amount } from "./facts.ts";
import type { Conditions } from "./filter.ts";
import type { IndexFile } from "./index-file.ts";
import { groupMs, Tally, timeKey, type Group, type Stat } from "./stats.ts";

/** How many entries that were found by their tokens are added up at once. */
const CHUNK = 10_000;
const LOW = 4_294_967_295;

/** SQLite's sums end at 2^63: the two halves of a number are summed apart, and so exactly. */
const SUMS = AMOUNTS.map(
  (name) => `sum((e.${name} >> 32) & ${LOW}) AS ${name}High, sum(e.${name} & ${LOW}) AS ${name}Low`,
).join(", ");

/** What is added up, and how it is grouped. */
export interface SumRequest {
  readonly conditions: Conditions;
  readonly group: Group | undefined;
}

/** Adds up the rows of the tables. Exact as far as the index is right; no evidence. */
export function sumRows(
  file: IndexFile,
  search: CandidateSearch,
  request: SumRequest,
): readonly Stat[] {
  const { conditions, group } = request;
  const where = rowConditions(file, conditions);
  const tally = new Tally(group);
  if (where === undefined) return tally.stats();
  const { lo, hi, sinceMs, untilMs } = search.range(conditions);
  const bounds = [lo, hi, sinceMs, untilMs];
  if (needsTokens(conditions)) {
    for (let from = lo; from <= hi;) {
      const limited = { ...conditions, from };
      const found = search.find({ conditions: limited, order: "asc", limit: CHUNK });
      const seqs = JSON.stringify(found.map(({ seq }) => seq));
      const among = `${where} AND e.seq IN (SELECT value FROM json_each(?))`;
      addRows(file, { group, tally, where: among, values: [...bounds, seqs] });
      if (found.length < CHUNK) break;
      from = found.at(-1)!.seq + 1;
    }
  } else addRows(file, { group, tally, where, values: bounds });
  return tally.stats();
}

/** What rows do not hold, or what is faster found by tokens. */
function needsTokens({ id, parent, words, names }: Conditions): boolean {
  return [id, parent, names.session].some((value) => value !== undefined) || words.length > 0;
}

/** As SQL; undefined when no entry can meet them, because none has such a name. */
function rowConditions(file: IndexFile, { names, typePrefix }: Conditions): string | undefined {
  const terms = ["e.seq BETWEEN ? AND ? AND e.time BETWEEN ? AND ?"];
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
  return terms.join(" AND ");
}

interface Rows {
  readonly group: Group | undefined;
  readonly tally: Tally;
  readonly where: string;
  readonly values: readonly (number | string)[];
}

function addRows(file: IndexFile, { group, tally, where, values }: Rows): void {
  const ms = groupMs(group);
  const key = ms === undefined ? `e.${group}` : `e.time / ${ms}`;
  const grouping = group === undefined ? "" : `GROUP BY ${key}`;
  const sql = `SELECT ${group === undefined ? "NULL" : key} AS key, count(*) AS count, ${SUMS}
    FROM entry e WHERE ${where} ${grouping}`;
  const statement = file.database.prepare(sql);
  statement.setReadBigInts(true);
  for (const row of statement.iterate(...values)) {
    const count = Number(row["count"]);
    if (count === 0) continue;
    const sums = AMOUNTS.map((name) => [name, joined(row, name)]);
    const amounts = Object.fromEntries(sums) as Record<Amount, bigint>;
    tally.add({ key: keyText(file, row["key"], group), count, ...amounts });
  }
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
