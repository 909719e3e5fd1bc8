import { SteleError } from "@stele/core/error";
import type { JournalReader } from "@stele/journal";
import type { AskOptions, Filter } from "@stele/journal/questions";
import { range, text, usage, type Call } from "./arguments.ts";
import type { Command } from "./command.ts";
import { forPeople } from "./output.ts";
import { IndexBar } from "./progress.ts";
import { parseTime } from "./time-expression.ts";

// What the commands that ask a journal have in common.

const TEXTS = [
  "id",
  "parent",
  "agent",
  "session",
  "type",
  "tool",
  "model",
  "provider",
  "verdict",
  "text",
] as const;

/** The options by which entries are chosen. */
export const FILTER_OPTIONS: Command["options"] = {
  ...Object.fromEntries(TEXTS.map((name) => [name, { type: "string" } as const])),
  since: { type: "string" },
  until: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  scan: { type: "boolean" },
};

/** What `help` says about them. */
export const FILTER_HELP = `
  --agent NAME, --session ID, --id ID, --parent ID
  --type TYPE         exactly this type, or all that begin so when it ends with a dot: tool.
  --tool NAME, --model NAME, --provider NAME, --verdict WORD
  --text WORDS        words of its messages, reasons, errors; contents are not searched
  --since TIME, --until TIME
  --from SEQ, --to SEQ
  --scan              read every entry instead of asking the index: slow, and needs no trust`;

/** The conditions given. Throws OPTION_INVALID. */
export function readFilter(command: Command, call: Call): Filter {
  const nowMs = Date.now();
  const time = (name: "since" | "until"): number | undefined => {
    const words = text(call, name);
    return words === undefined ? undefined : parseTime(command, { name, text: words, nowMs });
  };
  const texts = TEXTS.map((name) => [name, text(call, name)] as const);
  const empty = texts.find(([, value]) => value === "");
  if (empty) throw usage(command, `--${empty[0]} takes a text that is not empty`);
  const [since, until] = [time("since"), time("until")];
  if (since !== undefined && until !== undefined && since > until) {
    const [from, to] = [since, until].map((ms) => new Date(ms).toISOString());
    throw usage(command, `--since is ${from}, which is after --until, ${to}`);
  }
  return { ...Object.fromEntries(texts), since, until, ...range(command, call) };
}

/** Whether the answer is for a person. Throws OPTION_INVALID when it is asked for in two ways. */
export function isForPeople(command: Command, { options }: Call): boolean {
  if (options["people"] !== true) return forPeople(options);
  if (options["json"] !== true) return true;
  throw usage(command, "--json and --people exclude each other");
}

/** Asks, and shows meanwhile how far the index is, when it takes time to make. */
export async function ask<T>(
  call: Call,
  question: (options: AskOptions) => Promise<T>,
): Promise<T> {
  const bar = new IndexBar();
  try {
    return await question({ scan: call.options["scan"] === true, onProgress: bar.update });
  } finally {
    bar.clear();
  }
}

const NOT_KEPT = "the index cannot be kept in the journal's directory: it was made for this once";

/**
 * Frees what questions needed, whatever became of them, and says so when the index that they took
 * time to make could not be kept.
 */
export async function withReader<T>(
  reader: JournalReader,
  work: (reader: JournalReader) => Promise<T>,
): Promise<T> {
  try {
    const result = await work(reader);
    if (reader.indexKept === "process") process.stderr.write(`stele: ${NOT_KEPT}\n`);
    return result;
  } finally {
    await reader.close();
  }
}

/** A mistake that the library found in the conditions, as one of the command's usage. */
export function asUsage(command: Command, error: unknown): unknown {
  const isMistake = error instanceof SteleError && error.code === "OPTION_INVALID";
  return isMistake && !error.fix.startsWith("usage") ? usage(command, error.message) : error;
}
