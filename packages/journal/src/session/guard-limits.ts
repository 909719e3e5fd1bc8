import { inspect } from "node:util";
import { SteleError } from "@stele/core/error";
import { toWhole, type WholeNumber } from "@stele/core/whole-number";
import { requireNames } from "../known-names.ts";

/** What a session's calls must stay within. What is not given is not limited. */
export interface GuardLimits {
  /** Bytes that the session may read, with what the call says it will. */
  readonly maxBytesRead?: WholeNumber | undefined;
  readonly maxBytesWritten?: WholeNumber | undefined;
  /** What the session may cost, in millionths of the currency unit. */
  readonly maxCostMicros?: WholeNumber | undefined;
  /** Tokens in and out together. */
  readonly maxTokens?: WholeNumber | undefined;
  /** Calls that were allowed. */
  readonly maxCalls?: number | undefined;
  /** The same for each tool: one number for all, or a number for each named one. */
  readonly maxCallsPerTool?: number | Readonly<Record<string, number>> | undefined;
  /** The deepest delegation. */
  readonly maxDepth?: number | undefined;
  readonly denyTools?: readonly string[] | undefined;
  /** Only these. */
  readonly allowTools?: readonly string[] | undefined;
  /**
   * Two or three tools that must not be called in this order, whatever is called between: the
   * call that would complete one is denied.
   */
  readonly denySequences?: readonly (readonly string[])[] | undefined;
  /** Pairs of tools of which the second must not be called directly after the first. */
  readonly denyTransitions?: readonly (readonly [string, string])[] | undefined;
  /** For a tool, the tools that must have been called before. */
  readonly requireBefore?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** The limits, checked and ready to be compared with. */
export interface Limits {
  readonly bytesRead: bigint | undefined;
  readonly bytesWritten: bigint | undefined;
  readonly costMicros: bigint | undefined;
  readonly tokens: bigint | undefined;
  readonly calls: number;
  readonly callsOf: (tool: string) => number;
  readonly depth: number;
  readonly denied: ReadonlySet<string>;
  readonly allowed: ReadonlySet<string> | undefined;
  /** By the last tool. */
  readonly sequences: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** By the second tool: the first ones. */
  readonly transitions: ReadonlyMap<string, ReadonlySet<string>>;
  readonly before: ReadonlyMap<string, readonly string[]>;
}

const NAMES = [
  "maxBytesRead",
  "maxBytesWritten",
  "maxCostMicros",
  "maxTokens",
  "maxCalls",
  "maxCallsPerTool",
  "maxDepth",
  "denyTools",
  "allowTools",
  "denySequences",
  "denyTransitions",
  "requireBefore",
] as const satisfies readonly (keyof GuardLimits)[];

/** Checks limits, which may come from a configuration. Throws OPTION_INVALID. */
export function readLimits(untrusted: GuardLimits): Limits {
  requireNames("a guard has no limit", untrusted, NAMES);
  const { maxDepth, maxCalls, denyTools, allowTools, denyTransitions, requireBefore } = untrusted;
  return {
    bytesRead: whole(untrusted, "maxBytesRead"),
    bytesWritten: whole(untrusted, "maxBytesWritten"),
    costMicros: whole(untrusted, "maxCostMicros"),
    tokens: whole(untrusted, "maxTokens"),
    calls: count("maxCalls", maxCalls),
    callsOf: countsOf(untrusted.maxCallsPerTool),
    depth: count("maxDepth", maxDepth),
    denied: new Set(tools("denyTools", denyTools ?? [])),
    allowed: allowTools === undefined ? undefined : new Set(tools("allowTools", allowTools)),
    sequences: sequencesOf(untrusted.denySequences ?? []),
    transitions: transitionsOf(denyTransitions ?? []),
    before: new Map(
      entriesOf("requireBefore", requireBefore ?? {}).map(([tool, needed]) => [
        tool,
        tools("requireBefore", needed),
      ]),
    ),
  };
}

function whole(limits: GuardLimits, name: keyof GuardLimits): bigint | undefined {
  const untrusted: unknown = limits[name];
  if (untrusted === undefined) return undefined;
  const value = toWhole(untrusted);
  if (value !== undefined) return value;
  throw invalid(`${name} must be a whole number of 64 bits, not ${inspect(untrusted)}`);
}

function count(name: string, untrusted: unknown): number {
  if (untrusted === undefined) return Infinity;
  if (Number.isSafeInteger(untrusted) && Number(untrusted) >= 0) return Number(untrusted);
  throw invalid(`${name} must be a whole number, not ${inspect(untrusted)}`);
}

function countsOf(untrusted: GuardLimits["maxCallsPerTool"]): (tool: string) => number {
  const name = "maxCallsPerTool";
  if (typeof untrusted !== "object" || untrusted === null) {
    const same = count(name, untrusted);
    return () => same;
  }
  const entries = entriesOf(name, untrusted);
  const counts = new Map(entries.map(([tool, most]) => [tool, count(`${name}.${tool}`, most)]));
  return (tool) => counts.get(tool) ?? Infinity;
}

function entriesOf<T>(name: string, untrusted: Readonly<Record<string, T>>): [string, T][] {
  const prototype: unknown = Object.getPrototypeOf(Object(untrusted));
  // A Map, say, has no members, and so would limit nothing.
  if (prototype === Object.prototype || prototype === null) return Object.entries(untrusted);
  throw invalid(`${name} must be an object with tools' names, not ${inspect(untrusted)}`);
}

function tools(name: string, untrusted: unknown): readonly string[] {
  const isList = Array.isArray(untrusted) && untrusted.every((tool) => typeof tool === "string");
  if (isList) return untrusted;
  throw invalid(`${name} must be a list of tools' names`);
}

function sequencesOf(untrusted: readonly (readonly string[])[]): Limits["sequences"] {
  const sequences = new Map<string, (readonly string[])[]>();
  for (const one of list("denySequences", untrusted)) {
    const sequence = tools("denySequences", one);
    if (sequence.length < 2 || sequence.length > 3) {
      throw invalid(`a sequence has two or three tools, not ${sequence.length}`);
    }
    const last = sequence.at(-1)!;
    sequences.set(last, [...(sequences.get(last) ?? []), sequence]);
  }
  return sequences;
}

function transitionsOf(untrusted: readonly (readonly string[])[]): Limits["transitions"] {
  const transitions = new Map<string, Set<string>>();
  for (const one of list("denyTransitions", untrusted)) {
    const [from, to, ...rest] = tools("denyTransitions", one);
    if (from === undefined || to === undefined || rest.length > 0) {
      throw invalid("a transition has two tools");
    }
    transitions.set(to, (transitions.get(to) ?? new Set()).add(from));
  }
  return transitions;
}

function list(name: string, untrusted: unknown): readonly unknown[] {
  if (Array.isArray(untrusted)) return untrusted;
  throw invalid(`${name} must be a list of lists of tools' names`);
}

function invalid(message: string): SteleError {
  return new SteleError("OPTION_INVALID", message);
}
