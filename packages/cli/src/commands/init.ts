import { createJournal } from "@stele/journal";
import { onlyDirectory, text, wholeNumber, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";
import { bold, dim } from "../style.ts";

export const init: Command = {
  name: "init",
  synopsis: "DIR [--origin NAME] [--segment-bytes N] [--json]",
  summary: "make a journal and its key; prints the public key to pin",
  help: `
Makes an empty journal in DIR. Its private key goes to your configuration directory
(~/.config/stele/keys, mode 0600), never into DIR; with STELE_KEY set, that key is used.
Keep the printed public key somewhere else: with it, anyone can check the journal.

  --origin NAME       the journal's name, for ever; best a URL without a scheme
                      (default: stele.local/ and a unique name)
  --segment-bytes N   start a new ledger file when one has reached N bytes (default 16 MiB)
  --json              print JSON, also on a terminal

Examples:
  stele init ./journal
  stele init ./journal --origin acme.example/support-agent
`,
  options: {
    origin: { type: "string" },
    "segment-bytes": { type: "string" },
    json: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(init, call);
  const { origin, publicKey, keyPath } = await createJournal(directory, {
    origin: text(call, "origin"),
    segmentBytes: wholeNumber(init, call, "segment-bytes"),
  });
  if (forPeople(call.options)) {
    await print(`${bold(origin)} is ready in ${directory}\n`);
    await print(`public key   ${publicKey}   ${dim("pin it: stele verify DIR --key …")}\n`);
    await print(`private key  ${keyPath ?? "from STELE_KEY"}\n`);
  } else {
    await printJson({ origin, publicKey, keyPath: keyPath ?? null, directory });
  }
  return 0;
}
