import { SteleError } from "@stele/core/error";
import { readCall } from "./arguments.ts";
import { COMMANDS, type CommandEntry } from "./commands.ts";
import { formatHelp, formatOverview, version } from "./help.ts";
import { OutputClosed, print } from "./output.ts";
import { harmless } from "./style.ts";

/** Bad usage, bad input, or the machine failed. */
const FAILED = 2;

async function main(words: readonly string[]): Promise<number> {
  const [name = "help", ...rest] = words;
  if (name === "--version" || name === "-v") return show(`${version()}\n`);
  if (name === "help" || name === "--help" || name === "-h") return help(rest[0]);
  const command = await find(name).load();
  if (rest.includes("--help") && !rest.slice(0, rest.indexOf("--help")).includes("--")) {
    return show(formatHelp(command));
  }
  const call = readCall(command, rest);
  return call.options["help"] === true ? show(formatHelp(command)) : command.run(call);
}

async function help(name: string | undefined): Promise<number> {
  return show(name === undefined ? formatOverview(COMMANDS) : formatHelp(await find(name).load()));
}

function find(name: string): CommandEntry {
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
  return harmless(`stele: ${error.message}; ${error.fix} [${error.code}]`.replaceAll("\n", " "));
}

/** The error, or what failed first and what failed when that was cleared away. */
function each(error: unknown): readonly unknown[] {
  if (!(error instanceof Error) || error.name !== "SuppressedError") return [error];
  const both = error as SuppressedError;
  return [...each(both.suppressed), ...each(both.error)];
}

// Where nobody can be told, the exit status says what there is to say.
process.stderr.on("error", () => undefined);
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Who closes the pipe of what only prints has seen enough.
  const enough = error instanceof OutputClosed;
  const lines = new Set(enough ? [] : each(error).map(explain));
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exitCode = enough ? 0 : FAILED;
}
