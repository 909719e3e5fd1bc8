import { openJournal, openReader } from "@stele/journal";
import type { AgentKey } from "@stele/journal/agents";
import { operands, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";
import { dim, harmless } from "../style.ts";
import { formatTable, type Column } from "../table.ts";

export const agent: Command = {
  name: "agent",
  synopsis: "DIR list | DIR add AGENT VKEY | DIR retire AGENT VKEY [--json]",
  help: `
Events that an agent signs with a key that is listed here are checked when they are appended and by
stele verify, so that the journal's keeper cannot put words in the agent's mouth. VKEY is the
agent's public key as a C2SP vkey, whose name is the agent. What was signed before a key is retired
stays good. stele append takes signed events as lines {"signed":"…","contents":{…}}, which
signEvent of @stele/journal/agents makes.

  --json   print JSON Lines, also on a terminal

Examples:
  stele agent ./journal add critic-1 'critic-1+1f2e3d4c+AT…'
  stele agent ./journal list
`,
  options: { json: { type: "boolean" } },
  run,
};

async function run(call: Call): Promise<number> {
  const start = { ...call, positionals: call.positionals.slice(0, 2) };
  const [directory, action] = operands(agent, start, ["DIR", "list|add|retire"]);
  if (action === "list") {
    operands(agent, call, ["DIR", "list"]);
    return list(directory, call);
  }
  if (action !== "add" && action !== "retire") {
    throw usage(agent, `list, add or retire, not ${JSON.stringify(action)}`);
  }
  const [, , name, publicKey] = operands(agent, call, ["DIR", "add|retire", "AGENT", "VKEY"]);
  await using journal = await openJournal(directory);
  const change = { agent: name, publicKey };
  const { seq, time } =
    action === "add" ? await journal.addAgentKey(change) : await journal.retireAgentKey(change);
  if (!forPeople(call.options)) await printJson({ agent: name, action, seq, time });
  else await print(`${action === "add" ? "added" : "retired"}   ${dim(`entry ${seq}`)}\n`);
  return 0;
}

async function list(directory: string, call: Call): Promise<number> {
  const keys = await (await openReader(directory)).agentKeys();
  if (!forPeople(call.options)) for (const key of keys) await printJson(key);
  else if (keys.length === 0) await print("no agent has a key here\n");
  else await print(formatTable(COLUMNS, keys.map(row)));
  return 0;
}

const COLUMNS: readonly Column[] = [
  { title: "agent" },
  { title: "added by", isNumber: true },
  { title: "retired by", isNumber: true },
  { title: "proven" },
  { title: "public key", isWhole: true },
];

function row({ agent: name, publicKey, added, retired, isProven }: AgentKey): readonly string[] {
  const until = retired === null ? "" : String(retired);
  return [harmless(name), String(added), until, isProven ? "yes" : "", harmless(publicKey)];
}
