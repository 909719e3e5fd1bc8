import { openReader } from "@stele/journal";
import type { Amount, Group, Stat } from "@stele/journal/questions";
import { onlyDirectory, oneOf, positive, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { print, printJson } from "../output.ts";
import {
  asUsage,
  ask,
  FILTER_HELP,
  FILTER_OPTIONS,
  isForPeople,
  readFilter,
  withReader,
} from "../question.ts";
import { cyan, dim, harmless } from "../style.ts";
import { formatBar, formatCount, formatTable, type Column } from "../table.ts";
import { TIME_HELP } from "../time-expression.ts";

const GROUPS = [
  "type",
  "hour",
  "day",
  "agent",
  "session",
  "tool",
  "model",
  "provider",
  "verdict",
] as const;

export const stats: Command = {
  name: "stats",
  synopsis: `DIR [--by ${GROUPS.join("|")}] [CONDITION...] [--top N] [--json | --people]`,
  help: `
Counts the entries that meet all conditions, and sums what their data says of bytesRead,
bytesWritten, inputTokens, outputTokens and costMicros, exactly: a table on a terminal, with a bar
for each hour or day; else one JSON object a line, with sums beyond 2^53 - 1 as text. These are
figures by the index; with --scan they are by the ledger itself.

  --by GROUP          what to count by (default: type); hours and days are UTC
${FILTER_HELP.slice(1)}

  --top N             the N groups with the most entries
  --json              print JSON Lines, also on a terminal
  --people            print for people, also into a pipe
${TIME_HELP}
Examples:
  stele stats ./journal --by hour --since 1d
  stele stats ./journal --by model --session s-17
  stele stats ./journal --by agent --type tool.call --since 2026-11-01
`,
  options: {
    ...FILTER_OPTIONS,
    by: { type: "string" },
    top: { type: "string" },
    json: { type: "boolean" },
    people: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(stats, call);
  const groupBy: Group = oneOf(stats, call, { name: "by", words: GROUPS });
  const top = positive(stats, call, "top") ?? Infinity;
  const asked = { ...readFilter(stats, call), groupBy };
  const people = isForPeople(stats, call);
  return withReader(await openReader(directory), async (reader) => {
    const result = await ask(call, (options) => reader.stats(asked, options)).catch(
      (error: unknown) => {
        throw asUsage(stats, error);
      },
    );
    const groups = most(result.groups, top);
    if (people) await print(formatStats(groups, groupBy));
    else for (const group of groups) await printJson(toJson(group));
    return 0;
  });
}

/** The groups with the most entries, in the order in which they are. */
function most(groups: readonly Stat[], top: number): readonly Stat[] {
  if (groups.length <= top) return groups;
  const byCount = groups.toSorted((left, right) => right.count - left.count);
  const kept = new Set(byCount.slice(0, top));
  return groups.filter((group) => kept.has(group));
}

const TITLES: readonly (readonly [Amount, string])[] = [
  ["bytesRead", "bytes read"],
  ["bytesWritten", "bytes written"],
  ["inputTokens", "tokens in"],
  ["outputTokens", "tokens out"],
  ["costMicros", "cost (micros)"],
];

function toJson({ key, count, ...amounts }: Stat): object {
  const sums = Object.entries(amounts).map(([name, sum]) => [name, whole(sum)] as const);
  return { key, count, ...Object.fromEntries(sums) } satisfies object;
}

/** As the whole numbers of events are written: text beyond what a double holds. */
function whole(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}

const BAR_WIDTH = 30;

function formatStats(groups: readonly Stat[], groupBy: Group): string {
  if (groups.length === 0) return dim("no entry meets the conditions\n");
  const isTime = groupBy === "hour" || groupBy === "day";
  const rows = isTime ? withGaps(groups, groupBy) : groups;
  const shown = TITLES.filter(([amount]) => groups.some((group) => group[amount] > 0n));
  const largest = Math.max(...groups.map(({ count }) => count));
  const columns: readonly Column[] = [
    { title: groupBy },
    { title: "entries", isNumber: true },
    ...shown.map(([, title]) => ({ title, isNumber: true })),
    ...(isTime ? [{ title: "" }] : []),
  ];
  const cells = rows.map((row) => [
    row.key === null ? dim("(none)") : harmless(row.key),
    formatCount(row.count),
    ...shown.map(([amount]) => formatCount(row[amount])),
    ...(isTime ? [cyan(formatBar(row.count, largest, BAR_WIDTH))] : []),
  ]);
  return formatTable(columns, cells);
}

/** More empty hours than this are left out. */
const MAX_ROWS = 400;

/** The hours or days between the first and the last, also those in which nothing happened. */
function withGaps(groups: readonly Stat[], groupBy: "hour" | "day"): readonly Stat[] {
  const stepMs = groupBy === "hour" ? 3_600_000 : 86_400_000;
  const timeOf = ({ key }: Stat): number => Date.parse(key!);
  const [first, last] = [timeOf(groups[0]!), timeOf(groups.at(-1)!)];
  const count = (last - first) / stepMs + 1;
  if (count > MAX_ROWS) return groups;
  const known = new Map(groups.map((group) => [timeOf(group), group]));
  return Array.from({ length: count }, (_, index) => {
    const ms = first + index * stepMs;
    return known.get(ms) ?? emptyAt(ms, groupBy);
  });
}

function emptyAt(ms: number, groupBy: "hour" | "day"): Stat {
  const text = new Date(ms).toISOString();
  const key = groupBy === "day" ? text.slice(0, 10) : `${text.slice(0, 13)}:00Z`;
  const zeros = Object.fromEntries(TITLES.map(([amount]) => [amount, 0n]));
  return { key, count: 0, ...(zeros as Record<Amount, bigint>) };
}
