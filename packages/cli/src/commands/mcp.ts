import { randomUUID } from "node:crypto";
import { openJournal } from "@stele/journal";
import { recordMcp } from "@stele/mcp";
import { oneOf, text, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { findWitness, warn } from "../witnesses.ts";

export const mcp: Command = {
  name: "mcp",
  synopsis:
    "DIR [--session ID] [--agent ID] [--witness FILE] [--when-unrecordable closed|open] " +
    "-- COMMAND [ARG...]",
  help: `
Starts the MCP server COMMAND and stands between it and the client on standard input and output.
Bytes pass unchanged. Every tools/call is sealed and on disk before the server sees it, every
result before the client sees it; other messages are recorded by method and size. Put it in front
of the server's command in the client's configuration.

  --session ID             the session that the entries belong to (default: a new UUID)
  --agent ID               who is calling, as the entries will say
  --witness FILE           a C2SP witness policy: its witnesses are asked to countersign
                           checkpoints, once a second (default: STELE_WITNESS)
  --when-unrecordable HOW  closed (default): a call that cannot be recorded is not forwarded, the
                           client gets an error that says why; open: it is forwarded, and a gap
                           is recorded as soon as possible

Exits with the server's exit status.

Example:
  stele mcp ./journal --agent support-bot -- npx @modelcontextprotocol/server-filesystem /data
`,
  options: {
    session: { type: "string" },
    agent: { type: "string" },
    witness: { type: "string" },
    "when-unrecordable": { type: "string" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const [directory, command, ...args] = call.positionals;
  if (directory === undefined) throw usage(mcp, "DIR is missing");
  if (command === undefined) throw usage(mcp, "the server's COMMAND is missing behind --");
  const whenUnrecordable = oneOf(mcp, call, {
    name: "when-unrecordable",
    words: ["closed", "open"],
  });
  const agent = text(call, "agent");
  const witness = await findWitness(call);
  return recordMcp({
    openJournal: () => openJournal(directory, { witness, onProblem: warn }),
    command,
    args,
    session: text(call, "session") ?? randomUUID(),
    ...(agent === undefined ? {} : { agent }),
    whenUnrecordable,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signals: process,
  });
}
