import { openReader } from "@stele/journal";
import { duration, onlyDirectory, positive, text, texts, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { readInput } from "../input-file.ts";
import { conclude, forPeople, print, printJson } from "../output.ts";
import { ProgressBar } from "../progress.ts";
import { formatVerdict } from "../verdict-view.ts";

export const verify: Command = {
  name: "verify",
  synopsis:
    "DIR [--key VKEY] [--checkpoint FILE] [--witness VKEY]... [--policy FILE] " +
    "[--max-age DURATION] [--threads N] [--json]",
  help: `
Checks every line, link, seal and header. Exits 0 when the journal is intact, 1 when it is not.
The answer also says what it rests on: which key, what evidence from outside, what nobody can
rule out. Works beside a running writer.

  --key VKEY         the public key that stele init printed; without it the key is taken from the
                     journal itself, and who replaced the journal may have replaced that
  --checkpoint FILE  a checkpoint kept from before (stele checkpoint DIR > FILE): shows whether
                     what it covers was cut off or rewritten since
  --witness VKEY     a witness's public key; may be given several times. What one of them
                     countersigned, in that checkpoint or in DIR/checkpoint, counts as well
  --policy FILE      instead: a C2SP witness policy, whose quorum counts
  --max-age DURATION the journal is stale when witnesses saw nothing of it for so long: 90s, 10m,
                     24h, 7d
  --threads N        how many threads check segments (default: one a processor)
  --json             print JSON, also on a terminal

Examples:
  stele verify ./journal
  stele verify ./journal --key 'acme.example/agents+1f2e3d4c+AT…' --checkpoint monday.txt
`,
  options: {
    key: { type: "string" },
    checkpoint: { type: "string" },
    witness: { type: "string", multiple: true },
    policy: { type: "string" },
    "max-age": { type: "string" },
    threads: { type: "string" },
    json: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(verify, call);
  const reader = await openReader(directory);
  const bar = new ProgressBar();
  const verdict = await reader
    .verify({
      key: text(call, "key"),
      checkpoint: await readNamed(call, "checkpoint"),
      witnesses: texts(call, "witness"),
      policy: (await readNamed(call, "policy"))?.toString(),
      maxAgeMs: duration(verify, call, "max-age"),
      threads: positive(verify, call, "threads"),
      onProgress: bar.update,
    })
    .finally(() => bar.clear());
  const status = verdict.verdict === "intact" ? 0 : 1;
  if (!forPeople(call.options)) return conclude(status, printJson(verdict));
  return conclude(status, print(formatVerdict(verdict, Date.now())));
}

/** The file that an option names, if it was given. */
async function readNamed(call: Call, option: string): Promise<Buffer | undefined> {
  const path = text(call, option);
  return path === undefined ? undefined : Buffer.from(await readInput(path));
}
