import { SteleError } from "@stele/core/error";
import type { Entry } from "@stele/core/ledger";
import { factsOf, NAMES, type Facts } from "./facts.ts";
import { token, wordsOf } from "./words.ts";

/** Which entries: those that meet every condition given. */
export interface Filter {
  /** The event's own id. */
  readonly id?: string | undefined;
  /** The id of the event that caused it. */
  readonly parent?: string | undefined;
  readonly agent?: string | undefined;
  readonly session?: string | undefined;
  /** Exactly this type; or, when it ends with a dot, all types that begin so: `tool.`. */
  readonly type?: string | undefined;
  /** `data.tool`, and so on. */
  readonly tool?: string | undefined;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly verdict?: string | undefined;
  /** Words, all of which are among those of the event's messages; contents are not searched. */
  readonly text?: string | undefined;
  /** From this moment on, itself included: a Date, milliseconds since 1970, or ISO 8601. */
  readonly since?: Moment | undefined;
  /** Up to this moment, itself included. */
  readonly until?: Moment | undefined;
  /** From this `seq` on, itself included. */
  readonly from?: number | undefined;
  /** Up to this `seq`, itself included. */
  readonly to?: number | undefined;
}

/** A moment; text without a zone is refused, since it would mean another one elsewhere. */
export type Moment = Date | number | string;

/** A filter that was checked, as plain values that may go to another thread. */
export interface Conditions {
  readonly id: string | undefined;
  readonly parent: string | undefined;
  readonly names: Facts["names"];
  /** The beginning of the type, ending with a dot. */
  readonly typePrefix: string | undefined;
  readonly words: readonly string[];
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly from: number;
  readonly to: number;
}

const TEXTS = ["id", "parent", "text", ...NAMES] as const;

/** Checks a filter. Throws OPTION_INVALID, which names the condition. */
export function checkFilter(untrusted: Filter): Conditions {
  for (const name of TEXTS) {
    const value: unknown = untrusted[name];
    if (value === undefined || (typeof value === "string" && value !== "")) continue;
    throw invalid(`${name} must be text that is not empty, not ${JSON.stringify(value)}`);
  }
  const { id, parent, type, text } = untrusted;
  const isPrefix = type?.endsWith(".") === true;
  const words = text === undefined ? [] : [...new Set(wordsOf(text))];
  if (text !== undefined && words.length === 0) {
    throw invalid(`text must have a letter or digit, not ${JSON.stringify(text)}`);
  }
  const names = Object.fromEntries(NAMES.map((name) => [name, untrusted[name]]));
  return {
    id,
    parent,
    names: { ...(names as Facts["names"]), type: isPrefix ? undefined : type },
    typePrefix: isPrefix ? type : undefined,
    words,
    sinceMs: momentMs("since", untrusted.since) ?? Number.NEGATIVE_INFINITY,
    untilMs: momentMs("until", untrusted.until) ?? Number.POSITIVE_INFINITY,
    from: place("from", untrusted.from) ?? 0,
    to: place("to", untrusted.to) ?? Number.MAX_SAFE_INTEGER,
  };
}

/** Whether the entry meets the conditions: the one meaning of a filter. */
export function meets(entry: Entry, conditions: Conditions): boolean {
  if (entry.seq < conditions.from || entry.seq > conditions.to) return false;
  return factsMeet(factsOf(entry), conditions);
}

/** As `meets`, for an entry whose place is right. */
export function factsMeet(facts: Facts, conditions: Conditions): boolean {
  const { id, parent, names, typePrefix, words, sinceMs, untilMs } = conditions;
  return (
    facts.timeMs >= sinceMs &&
    facts.timeMs <= untilMs &&
    (id === undefined || facts.id === id) &&
    (parent === undefined || facts.parent === parent) &&
    NAMES.every((name) => names[name] === undefined || facts.names[name] === names[name]) &&
    (typePrefix === undefined || facts.names.type?.startsWith(typePrefix) === true) &&
    words.every((word) => facts.words.has(word))
  );
}

/** The tokens that every entry has that meets the conditions. */
export function tokensOf({ id, parent, names, typePrefix, words }: Conditions): readonly string[] {
  const tokens = words.map((word) => token("word", word));
  if (id !== undefined) tokens.push(token("id", id));
  if (parent !== undefined) tokens.push(token("parent", parent));
  if (typePrefix !== undefined) tokens.push(token("typePrefix", typePrefix));
  for (const name of NAMES) if (names[name] !== undefined) tokens.push(token(name, names[name]));
  return tokens;
}

const ZONED = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

function momentMs(name: string, untrusted: Moment | undefined): number | undefined {
  if (untrusted === undefined) return undefined;
  const isText = typeof untrusted === "string";
  const ms = isText && ZONED.test(untrusted) ? Date.parse(untrusted) : Number(untrusted);
  if (Number.isFinite(ms) && !(isText && !ZONED.test(untrusted))) return ms;
  const wanted = "a Date, milliseconds, or ISO 8601 with a zone, such as 2026-11-28T14:00:00Z";
  throw invalid(`${name} must be ${wanted}, not ${JSON.stringify(untrusted)}`);
}

function place(name: string, untrusted: number | undefined): number | undefined {
  if (untrusted === undefined || (Number.isSafeInteger(untrusted) && untrusted >= 0)) {
    return untrusted;
  }
  throw invalid(`${name} must be the number of an entry, not ${String(untrusted)}`);
}

function invalid(message: string): SteleError {
  return new SteleError("OPTION_INVALID", message);
}
