import { openReader } from "@stele/journal";
import { operands, parseWhole, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { print } from "../output.ts";

export const prove: Command = {
  name: "prove",
  synopsis: "DIR SEQ|SEQ..SEQ",
  help: `
Prints a file that carries one entry and proves that it is in the journal: a C2SP tlog-proof, which
anybody who knows the journal's public key checks offline with stele check. For SEQ..SEQ it prints
an extract: the entries of a range, both ends included, as they are stored, with what proves that
they are in the journal in this order and that none between them was left out. Nothing of the
journal's other entries can be read from either. Works beside a running writer and needs no key.

Examples:
  stele prove ./journal 41 > entry-41.tlog-proof
  stele prove ./journal 100..199 > monday.jsonl
  stele check entry-41.tlog-proof --key 'acme.example/agents+1f2e3d4c+AT…'
`,
  options: {},
  run,
};

async function run(call: Call): Promise<number> {
  const [directory, place] = operands(prove, call, ["DIR", "SEQ"]);
  const dots = place.indexOf("..");
  if (dots < 0) {
    const seq = parseWhole(prove, "SEQ", place);
    await print(await (await openReader(directory)).prove(seq));
    return 0;
  }
  const from = parseWhole(prove, "SEQ", place.slice(0, dots));
  const to = parseWhole(prove, "SEQ", place.slice(dots + 2));
  const reader = await openReader(directory);
  for await (const line of reader.extract({ from, to })) await print(line);
  return 0;
}
