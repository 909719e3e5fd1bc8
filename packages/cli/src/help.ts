import { readFileSync } from "node:fs";
import type { Command } from "./command.ts";
import type { CommandEntry } from "./commands.ts";
import { bold, cyan } from "./style.ts";

/** What `stele help` prints. */
export function formatOverview(commands: readonly CommandEntry[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${cyan(name.padEnd(width))}  ${summary}`);
  return `${bold("stele")}: a tamper-evident, crash-safe journal of what AI agents did

Usage: stele COMMAND DIR [OPTION...]

${list.join("\n")}

  stele help COMMAND   a command's options, with examples

Exit status: 0 done or intact; 1 checked and not intact; 2 bad usage, bad input or a failure.

Start here:
  stele init ./journal
  echo '{"type":"note","data":{"text":"hello"}}' | stele append ./journal
  stele verify ./journal
`;
}

/** What `stele help COMMAND` prints. */
export function formatHelp({ name, synopsis, help }: Command): string {
  return `${bold("Usage:")} stele ${name} ${synopsis}\n${help}`;
}

/** The version of the command line. */
export function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
