import { createJournal } from "@stele/journal";
import { duration, onlyDirectory, text, wholeNumber, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";
import { bold, dim } from "../style.ts";

export const init: Command = {
  name: "init",
  synopsis: "DIR [--origin NAME] [--recovery-key FILE] [--rotate-key-every TIME] [OPTION...]",
  help: `
Makes an empty journal in DIR. Its private key goes to your configuration directory
(~/.config/stele/keys, mode 0600), never into DIR. With STELE_KEY set, that key is used; with
STELE_SIGNER set, a command that signs: bytes on standard input, signature on standard output.
Keep the printed public key somewhere else: with it, anyone can check the journal.

  --origin NAME             the journal's name, for ever; best a URL without a scheme
                            (default: stele.local/ and a unique name)
  --recovery-key FILE       also make a recovery key in FILE, to be kept elsewhere: with it a new
                            key can follow one that was lost (stele rotate-key --recovery-key)
  --rotate-key-every TIME   let a new key follow one that is so old, such as 30d; the old one is
                            destroyed, so that nobody can rewrite what it sealed
  --hmac                    seal with a secret instead of a key pair, for closed systems: whoever
                            can check the journal can also forge it
  --public-key VKEY         the public key of the signer behind STELE_SIGNER
  --segment-bytes N         start a new ledger file when one has reached N bytes (default 16 MiB)
  --json                    print JSON, also on a terminal

Examples:
  stele init ./journal
  stele init ./journal --origin acme.example/support-agent
`,
  options: {
    origin: { type: "string" },
    "recovery-key": { type: "string" },
    "rotate-key-every": { type: "string" },
    hmac: { type: "boolean" },
    "public-key": { type: "string" },
    "segment-bytes": { type: "string" },
    json: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(init, call);
  const recoveryKeyPath = text(call, "recovery-key");
  const { origin, publicKey, keyPath } = await createJournal(directory, {
    origin: text(call, "origin"),
    segmentBytes: wholeNumber(init, call, "segment-bytes"),
    keyType: call.options["hmac"] === true ? "hmac-sha256" : undefined,
    recoveryKeyPath,
    rotateKeyEveryMs: duration(init, call, "rotate-key-every"),
    publicKey: text(call, "public-key"),
  });
  if (forPeople(call.options)) {
    await print(`${bold(origin)} is ready in ${directory}\n`);
    await print(`public key   ${publicKey}   ${dim("pin it: stele verify DIR --key …")}\n`);
    await print(`private key  ${keyPath ?? "from the environment"}\n`);
    if (recoveryKeyPath === undefined) return 0;
    await print(`recovery key ${recoveryKeyPath}   ${dim("keep it away from this machine")}\n`);
  } else {
    await printJson({ origin, publicKey, keyPath: keyPath ?? null, directory });
  }
  return 0;
}
