import { openReader } from "@stele/journal";
import { operands, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";
import { ask, withReader } from "../question.ts";
import { explanationToDot, formatExplanation } from "../why-view.ts";

export const why: Command = {
  name: "why",
  synopsis: "DIR ID [--json | --dot | --people] [--scan]",
  help: `
Walks back from the event with this id, its own and not its number: by "parent" to what caused it;
to the query audit that it rests on, with each contributing assertion, its weight, source and
lifecycle; and to the decisions, queries and calls of its session before it. Every entry that is
shown was read from the ledger and checked against its hash. A parent that is missing, and a circle
of parents, is shown as such. Prints a tree on a terminal, else one JSON object.

  --json    print JSON, also on a terminal
  --dot     print a graph for Graphviz: stele why DIR ID --dot | dot -Tsvg > why.svg
  --people  print the tree, also into a pipe
  --scan    read every entry instead of asking the index: slow, and needs no trust

Example:
  stele why ./journal answer-17
`,
  options: {
    json: { type: "boolean" },
    dot: { type: "boolean" },
    people: { type: "boolean" },
    scan: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const [directory, id] = operands(why, call, ["DIR", "ID"]);
  const { dot, json, people } = call.options;
  if ([dot, json, people].filter(Boolean).length > 1) {
    throw usage(why, "only one of --json, --dot and --people can be given");
  }
  return withReader(await openReader(directory), async (reader) => {
    const explanation = await ask(call, (options) => reader.why(id, options));
    if (dot) await print(explanationToDot(explanation));
    else if (people || forPeople(call.options)) await print(formatExplanation(explanation));
    else await printJson(explanation);
    return 0;
  });
}
