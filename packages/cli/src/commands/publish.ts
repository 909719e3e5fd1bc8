import { openReader } from "@stele/journal";
import type { Published } from "@stele/journal/results";
import { operands, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";

export const publish: Command = {
  name: "publish",
  synopsis: "DIR OUT [--no-entries] [--json]",
  help: `
Writes the journal as a C2SP tlog-tiles log into the directory OUT: its checkpoint, the hashes of
its tree, and the entries in bundles. Serve OUT with any static file server; log monitors, mirrors
and verifiers that know the format then read it as it is. Run it again to add what is new. OUT is a
valid log at every moment, also when this is killed. Contents beside the ledger are never published.

  --no-entries  publish the hashes alone: entries can be proven to who has them, and not be read
  --json        print JSON, also on a terminal

Example:
  stele publish ./journal /srv/www/log
`,
  options: { "no-entries": { type: "boolean" }, json: { type: "boolean" } },
  run,
};

async function run(call: Call): Promise<number> {
  const [directory, out] = operands(publish, call, ["DIR", "OUT"]);
  const reader = await openReader(directory);
  const published = await reader.publish(out, { entries: call.options["no-entries"] !== true });
  if (forPeople(call.options)) await print(describe(published, out));
  else await printJson(published);
  return 0;
}

function describe({ size, files }: Published, out: string): string {
  const entries = `${size.toLocaleString("en")} ${size === 1 ? "entry" : "entries"}`;
  return `${out} is the log of ${entries}; files written for it: ${files + 1}\n`;
}
