import { SteleError } from "@stele/journal";
import { readCall } from "./arguments.ts";
import type { Command } from "./command.ts";
import { agent } from "./commands/agent.ts";
import { append } from "./commands/append.ts";
import { cat } from "./commands/cat.ts";
import { check } from "./commands/check.ts";
import { checkpoint } from "./commands/checkpoint.ts";
import { consistency } from "./commands/consistency.ts";
import { erase } from "./commands/erase.ts";
import { hold } from "./commands/hold.ts";
import { importFile } from "./commands/import.ts";
import { init } from "./commands/init.ts";
import { mcp } from "./commands/mcp.ts";
import { prune } from "./commands/prune.ts";
import { prove } from "./commands/prove.ts";
import { query } from "./commands/query.ts";
import { session } from "./commands/session.ts";
import { stats } from "./commands/stats.ts";
import { why } from "./commands/why.ts";
import { publish } from "./commands/publish.ts";
import { rotateKey } from "./commands/rotate-key.ts";
import { verify } from "./commands/verify.ts";
import { witness } from "./commands/witness.ts";
import { formatHelp, formatOverview, version } from "./help.ts";
import { OutputClosed, print } from "./output.ts";
import { harmless } from "./style.ts";

const COMMANDS: readonly Command[] = [
  init,
  append,
  cat,
  query,
  stats,
  why,
  session,
  verify,
  checkpoint,
  prove,
  check,
  consistency,
  publish,
  erase,
  hold,
  rotateKey,
  agent,
  prune,
  importFile,
  mcp,
  witness,
];

/** Bad usage, bad input, or the machine failed. */
const FAILED = 2;

async function main(words: readonly string[]): Promise<number> {
  const [name = "help", ...rest] = words;
  if (name === "--version" || name === "-v") return show(`${version()}\n`);
  if (name === "help" || name === "--help" || name === "-h") return help(rest[0]);
  const command = find(name);
  if (rest.includes("--help") && !rest.slice(0, rest.indexOf("--help")).includes("--")) {
    return show(formatHelp(command));
  }
  const call = readCall(command, rest);
  return call.options["help"] === true ? show(formatHelp(command)) : command.run(call);
}

function help(name: string | undefined): Promise<number> {
  return show(name === undefined ? formatOverview(COMMANDS) : formatHelp(find(name)));
}

function find(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command) return command;
  throw new SteleError("OPTION_INVALID", `there is no command ${JSON.stringify(name)}`, {
    fix: `the commands are ${COMMANDS.map((known) => known.name).join(", ")}; see: stele help`,
  });
}

async function show(text: string): Promise<number> {
  await print(text);
  return 0;
}

/** One line on standard error: what happened, and what to do about it. */
function explain(error: unknown): string {
  if (!(error instanceof SteleError)) {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `stele: a bug in Stele, please report it: ${trace}`;
  }
  return harmless(`stele: ${error.message}; ${error.fix} [${error.code}]`).replaceAll("\n", " ");
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Who closes the pipe of what only prints has seen enough.
  const enough = error instanceof OutputClosed;
  if (!enough) process.stderr.write(`${explain(error)}\n`);
  process.exitCode = enough ? 0 : FAILED;
}
