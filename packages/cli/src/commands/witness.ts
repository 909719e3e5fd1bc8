import { addLog, createWitness, serveWitness, witnessPublicKey } from "@stele/witness";
import { operands, positive, text, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";
import { bold, harmless } from "../style.ts";

export const witness: Command = {
  name: "witness",
  synopsis: "init|add|serve|vkey STATE [ARG] [OPTION...]",
  help: `
Runs a C2SP witness: it signs that it has seen a journal's checkpoint and none that contradicts
it, so that the journal's keeper cannot cut or rewrite what is below without being seen. Run it
where that keeper has no hand: on another machine, by other people.

  stele witness init STATE --name NAME   makes a witness and its key in the directory STATE
  stele witness add STATE VKEY           watches the journal of this public key; again after
                                         each stele rotate-key there, with the new key
  stele witness serve STATE              answers over HTTP until SIGINT or SIGTERM
  stele witness vkey STATE               prints the witness's public key, for policies

  --name NAME         the witness's name, for ever; best a URL without a scheme
  --listen HOST:PORT  where to listen (default 127.0.0.1:0, which takes a free port)
  --rate N            new checkpoints of one journal in a second (default 5)
  --json              print JSON, also on a terminal

Never restore STATE from an old copy: make a new witness instead.

Example:
  stele witness init ./witness --name witness.example/w1
  stele witness add ./witness "$(cat their-public-key.txt)"
  stele witness serve ./witness --listen 127.0.0.1:8463
`,
  options: {
    name: { type: "string" },
    listen: { type: "string" },
    rate: { type: "string" },
    json: { type: "boolean" },
  },
  run,
};

const ACTIONS: Readonly<Record<string, (call: Call) => Promise<void>>> = { init, add, serve, vkey };

async function run(call: Call): Promise<number> {
  const [action, ...positionals] = call.positionals;
  const known = Object.keys(ACTIONS).join(", ");
  if (action === undefined) throw usage(witness, `the action is missing: ${known}`);
  const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (!act) throw usage(witness, `there is no action ${JSON.stringify(action)}, only ${known}`);
  await act({ ...call, positionals });
  return 0;
}

async function init(call: Call): Promise<void> {
  const [state] = operands(witness, call, ["STATE"]);
  const name = text(call, "name");
  if (name === undefined) throw usage(witness, "--name is missing");
  const publicKey = await createWitness(state, name);
  if (!forPeople(call.options)) return printJson({ publicKey, state });
  await print(`${bold(name)} is ready in ${state}\npublic key   ${publicKey}\n`);
}

async function add(call: Call): Promise<void> {
  const [state, publicKey] = operands(witness, call, ["STATE", "VKEY"]);
  const origin = await addLog(state, publicKey);
  if (!forPeople(call.options)) return printJson({ origin, publicKey, state });
  await print(`${state} watches ${bold(origin)}\n`);
}

async function vkey(call: Call): Promise<void> {
  const [state] = operands(witness, call, ["STATE"]);
  const publicKey = await witnessPublicKey(state);
  if (call.options["json"] === true) await printJson({ publicKey, state });
  else await print(`${publicKey}\n`);
}

async function serve(call: Call): Promise<void> {
  const [state] = operands(witness, call, ["STATE"]);
  const ratePerSecond = positive(witness, call, "rate");
  const running = await serveWitness(state, {
    ...address(text(call, "listen")),
    ratePerSecond,
    log: (line) => void process.stderr.write(`${harmless(`stele witness: ${line}`)}\n`),
  });
  const stop = (): void => void running.close();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // The habit of sending it for a changed configuration: the list of logs is always the newest.
  process.on("SIGHUP", () => undefined);
  try {
    const { url, publicKey } = running;
    if (forPeople(call.options)) await print(`${publicKey}\nlistens on ${bold(url)}\n`);
    else await printJson({ url, publicKey });
    await running.ended;
  } finally {
    await running.close();
  }
}

function address(listen: string | undefined): { readonly host?: string; readonly port?: number } {
  if (listen === undefined) return {};
  const [, host = "", port = ""] = /^\[?([^[\]]+)\]?:([0-9]{1,5})$/.exec(listen) ?? [];
  if (host === "" || Number(port) > 65_535) {
    const example = "HOST:PORT, such as 127.0.0.1:8463";
    throw usage(witness, `--listen takes ${example}, not ${JSON.stringify(listen)}`);
  }
  return { host, port: Number(port) };
}
