import { openReader, type EntryLine, type JournalReader } from "@stele/journal";
import type { Query } from "@stele/journal/questions";
import { onlyDirectory, oneOf, positive, wholeNumber, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { formatEntry } from "../entry-view.ts";
import { print } from "../output.ts";
import {
  asUsage,
  ask,
  FILTER_HELP,
  FILTER_OPTIONS,
  isForPeople,
  readFilter,
  withReader,
} from "../question.ts";
import { dim } from "../style.ts";
import { TIME_HELP } from "../time-expression.ts";

export const query: Command = {
  name: "query",
  synopsis: "DIR [CONDITION...] [--order asc|desc] [--limit N] [--after SEQ] [--json | --people]",
  help: `
Prints the entries that meet all conditions: as they are stored, one JSON object a line, or in short
form on a terminal. They are found by DIR/index.sqlite, which is made when it is not there and kept
up to date; what is found is read from the ledger and checked against its hash.

${FILTER_HELP.trimStart()}

  --order asc|desc    oldest first (default), or newest first
  --limit N           at most N entries (default: 100 on a terminal, else all)
  --after SEQ         go on behind the entry that the page before ended with
  --json              print JSON Lines, also on a terminal
  --people            print for people, also into a pipe
${TIME_HELP}
Examples:
  stele query ./journal --agent planner --since 14:00 --until 15:00
  stele query ./journal --type tool. --since 2h --order desc --limit 20
  stele query ./journal --verdict reject --text "budget exceeded" | jq .event.data
`,
  options: {
    ...FILTER_OPTIONS,
    order: { type: "string" },
    limit: { type: "string" },
    after: { type: "string" },
    json: { type: "boolean" },
    people: { type: "boolean" },
  },
  run,
};

const PEOPLE_LIMIT = 100;
const PAGE = 1000;

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(query, call);
  const people = isForPeople(query, call);
  const limit = positive(query, call, "limit") ?? (people ? PEOPLE_LIMIT : Infinity);
  const order = oneOf(query, call, { name: "order", words: ["asc", "desc"] });
  const asked = { ...readFilter(query, call), order, after: wholeNumber(query, call, "after") };
  const reader = await openReader(directory);
  return withReader(reader, async () => {
    const next = await printPages(reader, { call, asked, limit, people });
    if (next !== null) {
      const note = `there are more: add --after ${next}`;
      if (people) await print(dim(`${note}\n`));
      else process.stderr.write(`stele: ${note}\n`);
    }
    return 0;
  });
}

/** Prints up to the limit, and returns where more follow. */
async function printPages(
  reader: JournalReader,
  {
    call,
    asked,
    limit,
    people,
  }: {
    readonly call: Call;
    readonly asked: Query;
    readonly limit: number;
    readonly people: boolean;
  },
): Promise<number | null> {
  let { after } = asked;
  for (let rest = limit; ;) {
    if (rest === 0) return null;
    const page = { ...asked, after, limit: Math.min(PAGE, rest) };
    const { lines, next } = await ask(call, (options) => reader.queryLines(page, options)).catch(
      (error: unknown) => {
        throw asUsage(query, error);
      },
    );
    for (const line of lines) await print(show(line, people));
    if (people && lines.length === 0 && rest === limit) await print(dim("nothing was found\n"));
    rest -= lines.length;
    if (next === null || rest === 0) return next;
    after = next;
  }
}

function show({ entry, line }: EntryLine, people: boolean): string {
  return people ? formatEntry(entry) : `${line}\n`;
}
