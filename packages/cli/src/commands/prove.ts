import { openReader } from "@stele/journal";
import { operands, parseWhole, usage, wholeNumber, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { print } from "../output.ts";

export const prove: Command = {
  name: "prove",
  synopsis: "DIR SEQ | DIR --from SEQ --to SEQ",
  summary: "print a proof of an entry, or of several, to hand to somebody",
  help: `
Prints a file that carries one entry and proves that it is in the journal: a C2SP tlog-proof, which
anybody who knows the journal's public key checks offline with stele check. With --from and --to it
prints an extract: the entries of a range, both ends included, as they are stored, with what proves
that they are in the journal in this order and that none between them was left out. Nothing of the
journal's other entries can be read from either. Works beside a running writer and needs no key.

  --from SEQ   the first entry of an extract
  --to SEQ     its last entry

Examples:
  stele prove ./journal 41 > entry-41.tlog-proof
  stele prove ./journal --from 100 --to 199 > monday.jsonl
  stele check entry-41.tlog-proof --key 'acme.example/agents+1f2e3d4c+AT…'
`,
  options: { from: { type: "string" }, to: { type: "string" } },
  run,
};

async function run(call: Call): Promise<number> {
  const from = wholeNumber(prove, call, "from");
  const to = wholeNumber(prove, call, "to");
  if (from === undefined && to === undefined) {
    const [directory, seq] = operands(prove, call, ["DIR", "SEQ"]);
    const reader = await openReader(directory);
    await print(await reader.prove(parseWhole(prove, "SEQ", seq)));
    return 0;
  }
  const [directory] = operands(prove, call, ["DIR"]);
  if (from === undefined || to === undefined) throw usage(prove, "--from and --to go together");
  const reader = await openReader(directory);
  for await (const line of reader.extract({ from, to })) await print(line);
  return 0;
}
