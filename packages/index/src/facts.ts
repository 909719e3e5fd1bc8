import type { Entry } from "@stele/core/ledger";
import { toWhole } from "@stele/core/whole-number";
import { wordsOf } from "./words.ts";

/** What is summed: whole numbers from 0 to 2^64 - 1. */
export const AMOUNTS = [
  "bytesRead",
  "bytesWritten",
  "inputTokens",
  "outputTokens",
  "costMicros",
] as const;

/** One of the sums. */
export type Amount = (typeof AMOUNTS)[number];

/** What entries can be counted by, besides time. */
export const NAMES = ["type", "agent", "session", "tool", "model", "provider", "verdict"] as const;

/** One of the names. */
export type Name = (typeof NAMES)[number];

/** What questions can be asked about an entry: all that the index knows of it. */
export interface Facts {
  readonly timeMs: number;
  readonly id: string | undefined;
  readonly parent: string | undefined;
  readonly names: Readonly<Record<Name, string | undefined>>;
  readonly words: ReadonlySet<string>;
  readonly amounts: Readonly<Record<Amount, bigint | undefined>>;
}

/** The members of `data`, and of what lies in it, whose text is searched. */
const TEXT_MEMBERS: ReadonlySet<string> = new Set([
  "description",
  "error",
  "event",
  "message",
  "note",
  "policy",
  "reason",
  "summary",
  "text",
  "title",
  "tool",
]);
/** How deep below `data` text is looked for. */
const TEXT_DEPTH = 3;
/** How many different words of an entry are searched: the first ones. */
const MAX_WORDS = 256;
/** A longer name is none. */
const MAX_NAME_LENGTH = 512;

/** Reads them from an entry, whose event may be of any form. */
export function factsOf({ time, event }: Pick<Entry, "time" | "event">): Facts {
  const members: Readonly<Record<string, unknown>> = event;
  const data = isObject(members["data"]) ? members["data"] : NOTHING;
  return {
    timeMs: Date.parse(time) || 0,
    id: name(members["id"]),
    parent: name(members["parent"]),
    names: {
      type: name(members["type"]),
      agent: name(members["agent"]),
      session: name(members["session"]),
      tool: name(data["tool"]),
      model: name(data["model"]),
      provider: name(data["provider"]),
      verdict: name(data["verdict"]),
    },
    words: textWords(data),
    amounts: {
      bytesRead: toWhole(data["bytesRead"]),
      bytesWritten: toWhole(data["bytesWritten"]),
      inputTokens: toWhole(data["inputTokens"]),
      outputTokens: toWhole(data["outputTokens"]),
      costMicros: toWhole(data["costMicros"]),
    },
  };
}

const NOTHING: Readonly<Record<string, unknown>> = {};

function textWords(data: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const words = new Set<string>();
  collect(data, TEXT_DEPTH, words);
  return words;
}

function collect(value: object, depth: number, words: Set<string>): void {
  // Parsed JSON has own members only.
  for (const member in value) {
    const inner: unknown = (value as Readonly<Record<string, unknown>>)[member];
    if (typeof inner === "string") {
      if (TEXT_MEMBERS.has(member)) add(inner, words);
    } else if (depth > 0 && typeof inner === "object" && inner !== null) {
      collect(inner, depth - 1, words);
    }
  }
}

function add(text: string, words: Set<string>): void {
  for (const word of wordsOf(text)) {
    if (words.size === MAX_WORDS) return;
    words.add(word);
  }
}

function name(value: unknown): string | undefined {
  const isName = typeof value === "string" && value !== "" && value.length <= MAX_NAME_LENGTH;
  return isName ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
