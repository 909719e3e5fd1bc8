import { openJournal, openReader } from "@stele/journal";
import type { Hold } from "@stele/journal/erasure";
import { operands, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";
import {
  formatSelection,
  readSelection,
  readWhy,
  refuseSelection,
  SELECTION_HELP,
  SELECTION_OPTIONS,
} from "../selection.ts";
import { bold, dim, harmless } from "../style.ts";

export const hold: Command = {
  name: "hold",
  synopsis:
    "DIR list | DIR add NAME (--seq N[..M] | --session S | --agent A | --subject ID)... " +
    "--reason TEXT [--by WHO] | DIR release NAME --reason TEXT [--by WHO] [--json]",
  help: `
A hold forbids stele erase and stele prune to touch the entries that all its options fit, those that
are there and those that come. Holds are entries themselves, so that everybody can see who held and
released what, and why.

${SELECTION_HELP}
  --json                print JSON Lines, also on a terminal

Examples:
  stele hold ./journal add case-12 --subject user-4711 --reason 'Roe v. Acme'
  stele hold ./journal list
  stele hold ./journal release case-12 --reason 'settled'
`,
  options: { ...SELECTION_OPTIONS, json: { type: "boolean" } },
  run,
};

async function run(call: Call): Promise<number> {
  const [directory, action] = operands(hold, firstTwo(call), ["DIR", "list|add|release"]);
  if (action === "list") {
    operands(hold, call, ["DIR", "list"]);
    return list(directory, call);
  }
  if (action !== "add" && action !== "release") {
    throw usage(hold, `list, add or release, not ${JSON.stringify(action)}`);
  }
  const [, , name] = operands(hold, call, ["DIR", "add|release", "NAME"]);
  if (action === "release") refuseSelection(hold, call, action);
  const why = readWhy(hold, call);
  await using journal = await openJournal(directory);
  const { seq, time } =
    action === "add"
      ? await journal.addHold({ name, ...readSelection(hold, call), ...why })
      : await journal.releaseHold(name, why);
  if (!forPeople(call.options)) await printJson({ hold: name, action, seq, time });
  else await print(`${action === "add" ? "held" : "released"}   ${dim(`entry ${seq}`)}\n`);
  return 0;
}

function firstTwo(call: Call): Call {
  return { ...call, positionals: call.positionals.slice(0, 2) };
}

async function list(directory: string, call: Call): Promise<number> {
  const reader = await openReader(directory);
  const holds = await reader.holds();
  for (const one of holds) {
    if (forPeople(call.options)) await print(formatHold(one));
    else await printJson(one);
  }
  if (holds.length === 0 && forPeople(call.options)) await print("nothing is held\n");
  return 0;
}

function formatHold({ name, selection, reason, by, seq, time }: Hold): string {
  const who = by === undefined ? "" : ` by ${by}`;
  const head = `${bold(harmless(name))}   ${harmless(formatSelection(selection))}`;
  const since = dim(harmless(`since ${time}${who}, entry ${seq}`));
  return `${head}   ${since}\n    ${harmless(reason)}\n`;
}
