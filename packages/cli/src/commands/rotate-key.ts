import { openJournal } from "@stele/journal";
import { onlyDirectory, text, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";
import { dim } from "../style.ts";

export const rotateKey: Command = {
  name: "rotate-key",
  synopsis: "DIR [--recovery-key FILE] [--json]",
  help: `
Makes a new key, records it as the last entry that the present key seals, and destroys the present
one: it is overwritten and removed. Nobody, you included, can then rewrite what it sealed, and
whoever pinned it, or an earlier key, can go on checking. Overwriting is not certain on flash, on
file systems that copy on write, and where backups have the key. Witnesses must be told the new
public key.

  --recovery-key FILE   the present key is lost: the key in FILE, which stele init named, says so
                        and lets a new one follow it
  --json                print JSON, also on a terminal

Examples:
  stele rotate-key ./journal
  stele rotate-key ./journal --recovery-key /media/usb/recovery.key
`,
  options: { "recovery-key": { type: "string" }, json: { type: "boolean" } },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(rotateKey, call);
  const recoveryKeyPath = text(call, "recovery-key");
  await using journal = await openJournal(directory, { recoveryKeyPath });
  if (recoveryKeyPath === undefined) await journal.rotateKey();
  const { publicKey, first } = (await journal.keys()).at(-1)!;
  if (!forPeople(call.options)) await printJson({ publicKey, first });
  else await print(`public key   ${publicKey}   ${dim(`from entry ${first} on`)}\n`);
  return 0;
}
