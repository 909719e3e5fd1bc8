import { openReader, type Verdict } from "@stele/journal";
import { onlyDirectory, text, wholeNumber, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { readInput } from "../input-file.ts";
import { forPeople, print, printJson } from "../output.ts";
import { ProgressBar } from "../progress.ts";
import { formatVerdict } from "../verdict-view.ts";

export const verify: Command = {
  name: "verify",
  synopsis: "DIR [--key VKEY] [--checkpoint FILE] [--threads N] [--json]",
  summary: "check a journal and say what that is worth",
  help: `
Checks every line, link, seal and header. Exits 0 when the journal is intact, 1 when it is not.
The answer also says what it rests on: which key, what evidence from outside, what nobody can
rule out. Works beside a running writer.

  --key VKEY         the public key that stele init printed; without it the key is taken from the
                     journal itself, and who replaced the journal may have replaced that
  --checkpoint FILE  a checkpoint kept from before (stele checkpoint DIR > FILE): shows whether
                     what it covers was cut off or rewritten since
  --threads N        how many threads check segments (default: one a processor)
  --json             print JSON, also on a terminal

Examples:
  stele verify ./journal
  stele verify ./journal --key 'acme.example/agents+1f2e3d4c+AT…' --checkpoint monday.txt
`,
  options: {
    key: { type: "string" },
    checkpoint: { type: "string" },
    threads: { type: "string" },
    json: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(verify, call);
  const path = text(call, "checkpoint");
  const reader = await openReader(directory);
  const bar = new ProgressBar();
  const verdict = await reader
    .verify({
      key: text(call, "key"),
      checkpoint: path === undefined ? undefined : await readInput(path),
      threads: wholeNumber(verify, call, "threads"),
      onProgress: bar.update,
    })
    .finally(() => bar.clear());
  await report(verdict, call);
  return verdict.verdict === "intact" ? 0 : 1;
}

async function report(verdict: Verdict, call: Call): Promise<void> {
  if (forPeople(call.options)) await print(formatVerdict(verdict));
  else await printJson(verdict);
}
