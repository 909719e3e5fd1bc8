import { parseArgs, type ParseArgsConfig } from "node:util";
import { SteleError } from "@stele/core/error";
import type { Command } from "./command.ts";

type Value = string | boolean;

/** What a command was called with, after its name. */
export interface Call {
  /** DIR and what follows it. */
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, Value | readonly Value[] | undefined>>;
}

/** Reads a command's arguments. Throws OPTION_INVALID, which names the mistake and the usage. */
export function readCall(command: Command, words: readonly string[]): Call {
  const config = {
    args: [...words],
    options: { ...command.options, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
    strict: true,
  } satisfies ParseArgsConfig;
  try {
    const { positionals, values, tokens } = parseArgs({ ...config, tokens: true });
    refuseRepeated(command, tokens);
    return { positionals, options: values };
  } catch (cause) {
    if (cause instanceof SteleError) throw cause;
    throw usage(command, mistakeIn(command, cause as Error), cause);
  }
}

/** Of two values one would count, and nobody would be told which. */
function refuseRepeated(
  command: Command,
  tokens: readonly { readonly kind: string; readonly name?: string; readonly value?: unknown }[],
): void {
  const seen = new Set<string>();
  for (const { kind, name, value } of tokens) {
    if (kind !== "option" || name === undefined || value === undefined) continue;
    if (command.options[name]?.multiple === true) continue;
    if (seen.has(name)) throw usage(command, `--${name} can be given once only`);
    seen.add(name);
  }
}

/** The one positional argument, DIR. Throws OPTION_INVALID when it is missing or not alone. */
export function onlyDirectory(command: Command, call: Call): string {
  return operands(command, call, ["DIR"])[0];
}

/**
 * The positional arguments of these names. Throws OPTION_INVALID unless they are all there is, and
 * none is empty, as a variable is that nobody set.
 */
export function operands<const Names extends readonly string[]>(
  command: Command,
  { positionals }: Call,
  names: Names,
): { readonly [Place in keyof Names]: string } {
  const extra = positionals[names.length];
  const missing = names[positionals.length];
  if (missing !== undefined) throw usage(command, `${missing} is missing`);
  if (extra !== undefined) throw usage(command, `unexpected argument ${JSON.stringify(extra)}`);
  const empty = positionals.indexOf("");
  if (empty >= 0) throw usage(command, `${names[empty]} is empty`);
  return positionals as unknown as { readonly [Place in keyof Names]: string };
}

/** The option as a whole number from 0 on; undefined when it was not given. */
export function wholeNumber(command: Command, call: Call, name: string): number | undefined {
  const digits = text(call, name);
  return digits === undefined ? undefined : parseWhole(command, `--${name}`, digits);
}

/** The option as a whole number from 1 on; undefined when it was not given. */
export function positive(command: Command, call: Call, name: string): number | undefined {
  const count = wholeNumber(command, call, name);
  if (count !== 0) return count;
  throw usage(command, `--${name} takes a whole number from 1 on, not 0`);
}

/** The entries that --from and --to name, both included. Throws OPTION_INVALID. */
export function range(
  command: Command,
  call: Call,
): { readonly from: number | undefined; readonly to: number | undefined } {
  const [from, to] = [wholeNumber(command, call, "from"), wholeNumber(command, call, "to")];
  if (from === undefined || to === undefined || from <= to) return { from, to };
  throw usage(command, `--from is ${from}, which is behind --to, ${to}`);
}

/** The text as a whole number from 0 on; `what` names it in the mistake. */
export function parseWhole(command: Command, what: string, untrusted: string): number {
  const value = /^[0-9]{1,16}$/.test(untrusted) ? Number(untrusted) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw usage(command, `${what} takes a whole number, not ${JSON.stringify(untrusted)}`);
}

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The option as a time, such as 90s, 10m, 24h or 30d, in milliseconds. */
export function duration(command: Command, call: Call, name: string): number | undefined {
  const words = text(call, name);
  if (words === undefined) return undefined;
  const [, count, unit] = /^([0-9]{1,6})([smhd])$/.exec(words) ?? [];
  if (count !== undefined) return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
  throw usage(command, `--${name} takes a time such as 10m or 30d, not ${JSON.stringify(words)}`);
}

/** The option's text; undefined when it was not given. */
export function text(call: Call, name: string): string | undefined {
  const value = call.options[name];
  return typeof value === "string" ? value : undefined;
}

/** The texts of an option that may be given several times. */
export function texts(call: Call, name: string): readonly string[] {
  const values = call.options[name];
  return Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
}

/** The option as one of the words. */
export function oneOf<Word extends string>(
  command: Command,
  call: Call,
  choice: { readonly name: string; readonly words: readonly [Word, ...Word[]] },
): Word {
  const { name, words } = choice;
  const given = call.options[name] ?? words[0];
  const word = words.find((candidate) => candidate === given);
  if (word !== undefined) return word;
  throw usage(command, `--${name} takes ${words.join(" or ")}, not ${JSON.stringify(given)}`);
}

/** A mistake in the arguments. */
export function usage(command: Command, mistake: string, cause?: unknown): SteleError {
  return new SteleError("OPTION_INVALID", mistake, {
    fix: `usage: stele ${command.name} ${command.synopsis}`,
    cause,
  });
}

/** What parseArgs says, in few words. */
function mistakeIn({ options }: Command, { message }: Error): string {
  const [, names = "", what = ""] = /^Option '([^']*)' (.*)/.exec(message) ?? [];
  const [, letter = "", long] = /^(?:-(\w))?(?:, )?(?:--([\w-]+))?/.exec(names) ?? [];
  const name = long ?? Object.keys(options).find((known) => options[known]!.short === letter);
  if (what === "does not take an argument") return `--${name} takes no value`;
  if (what === "argument missing") return `--${name} lacks its value`;
  if (what === "argument is ambiguous.") {
    return `--${name} lacks its value; one that begins with a dash is written --${name}=-…`;
  }
  return message.split(". ")[0]!.replace(/^Unknown option/, "unknown option");
}
