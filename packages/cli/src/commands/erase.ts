import { openJournal } from "@stele/journal";
import type { Erased } from "@stele/journal/erasure";
import { onlyDirectory, texts, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";
import { readSelection, readWhy, SELECTION_HELP, SELECTION_OPTIONS } from "../selection.ts";
import { dim } from "../style.ts";

export const erase: Command = {
  name: "erase",
  synopsis:
    "DIR (--seq N[..M] | --session S | --agent A | --subject ID)... --reason TEXT [--by WHO] " +
    "[--name CONTENT]... [--dry-run] [--json]",
  help: `
Erases the contents that lie beside the entries that all the given options fit. The entries stay,
and everything still verifies: without its salt nobody can tell what an entry committed to. What is
in the entries themselves stays, and so do copies, backups and snapshots; overwriting is not certain
on flash and on file systems that copy on write. What a hold is over is not erased: see stele hold.

${SELECTION_HELP}
  --name CONTENT        only contents of this name; may be given several times
  --dry-run             only say what would be erased
  --json                print JSON, also on a terminal

Examples:
  stele erase ./journal --subject user-4711 --reason 'request of 2026-11-28' --dry-run
  stele erase ./journal --seq 100..199 --name prompt --reason 'recorded by mistake'
`,
  options: {
    ...SELECTION_OPTIONS,
    name: { type: "string", multiple: true },
    "dry-run": { type: "boolean" },
    json: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(erase, call);
  const selection = readSelection(erase, call);
  const why = readWhy(erase, call);
  const given = texts(call, "name");
  const names = given.length > 0 ? given : undefined;
  const dryRun = call.options["dry-run"] === true;
  await using journal = await openJournal(directory);
  const erased = await journal.erase({ ...selection, ...why, names, dryRun });
  if (forPeople(call.options)) await print(formatErased(erased, dryRun));
  else await printJson({ ...erased, dryRun });
  return 0;
}

function formatErased({ contents, entries, bytes, ranges, seqs }: Erased, dryRun: boolean): string {
  if (contents === 0) return "nothing to erase: no such content lies there\n";
  const verb = dryRun ? "would erase" : "erased";
  const place = seqs.length > 0 ? dim(`   recorded as entry ${seqs.join(", ")}`) : "";
  const lines = ranges.slice(0, 20).map(({ from, to, names }) => {
    const where = from === to ? `entry ${from}` : `entries ${from} to ${to}`;
    return `  ${where}: ${names.join(", ")}`;
  });
  if (ranges.length > 20) lines.push(`  and ${ranges.length - 20} more`);
  const head = `${verb} ${contents} contents of ${entries} entries, ${bytes} bytes${place}`;
  return `${[head, ...lines].join("\n")}\n`;
}
