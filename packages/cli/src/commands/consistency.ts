import { openReader } from "@stele/journal";
import type { Consistency } from "@stele/journal/results";
import { operands, text, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { readInput } from "../input-file.ts";
import { conclude, forPeople, print, printJson } from "../output.ts";
import { bold, green, red } from "../style.ts";

export const consistency: Command = {
  name: "consistency",
  synopsis: "OLD_CHECKPOINT DIR [--key VKEY] [--json]",
  help: `
Says whether the journal's newest checkpoint extends the one in the file: whether every entry that
it covers is still there, unchanged. Reads a few tiles, not the journal: stele verify checks it all.
Exits 0 when it does, 1 when the journal has fewer entries (rolled back) or others (forked).
When standard output is no terminal, it prints the proof for others: the body of a C2SP
add-checkpoint request, which stele check FILE --old OLD_CHECKPOINT checks offline.

  --key VKEY   the public key that signed the older checkpoint: needed only where the journal
               has lost the entry that names it
  --json       print JSON with the answer and the proof

Examples:
  stele consistency monday.txt ./journal
  stele consistency monday.txt ./journal > monday-to-today.txt
`,
  options: { key: { type: "string" }, json: { type: "boolean" } },
  run,
};

async function run(call: Call): Promise<number> {
  const [path, directory] = operands(consistency, call, ["OLD_CHECKPOINT", "DIR"]);
  const old = await readInput(path);
  const reader = await openReader(directory);
  const found = await reader.consistency(old, { key: text(call, "key") });
  const status = found.verdict === "extends" ? 0 : 1;
  if (call.options["json"] === true) return conclude(status, printJson(found));
  if (forPeople(call.options)) return conclude(status, print(`${sentence(found)}\n`));
  if (found.proof !== null) return conclude(status, print(found.proof));
  process.stderr.write(`stele: ${sentence(found)}\n`);
  return status;
}

function sentence({ verdict, size, oldSize }: Consistency): string {
  switch (verdict) {
    case "extends":
      return (
        `${green(bold("extends"))}: the newest checkpoint, of ${size} entries, ` +
        `has the ${oldSize} of the older one, unchanged`
      );
    case "rolled-back":
      return (
        `${red(bold("ROLLED BACK"))}: the newest checkpoint is of ${size} entries, ` +
        `the older one of ${oldSize}`
      );
    case "forked":
      return (
        `${red(bold("FORKED"))}: the ${oldSize} entries of the older checkpoint ` +
        `are not the first ones of the newest, of ${size} entries`
      );
  }
}
