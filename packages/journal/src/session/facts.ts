import type { EventText } from "@stele/core/event";
import { parseJson } from "@stele/core/json";
import { toWhole } from "@stele/core/whole-number";

/** What a session sums up, in this order. */
export const AMOUNTS = [
  "bytesRead",
  "bytesWritten",
  "inputTokens",
  "outputTokens",
  "costMicros",
] as const;

/** The name of one of the sums. */
export type AmountName = (typeof AMOUNTS)[number];

/** What a session knows of an entry: all that its totals and budgets are made of. */
export interface Facts {
  readonly type: string;
  readonly agent: string | undefined;
  /** In the order of AMOUNTS; undefined when the entry has none that counts. */
  readonly amounts: readonly bigint[] | undefined;
  /** Of a `tool.call`. */
  readonly call: CallFacts | undefined;
  /** The data of a budget's record, unchecked. */
  readonly budget: Members | undefined;
}

/** What a session knows of a call. */
export interface CallFacts {
  readonly tool: string;
  readonly isDenied: boolean;
  readonly depth: number;
}

type Members = Readonly<Record<string, unknown>>;

/** The types whose amounts are summed: one for each thing that happened, estimates left out. */
const COUNTED: ReadonlySet<string> = new Set([
  "tool.call",
  "tool.result",
  "inference.response",
  "gateway.event",
]);
const MAX_DEPTH = 0xffff_ffff;

/** Reads them from an entry's event, whose data may be of any form. */
export function factsOf(event: Members): Facts {
  const type = String(event["type"]);
  const data = isObject(event["data"]) ? event["data"] : undefined;
  const agent = event["agent"];
  return {
    type,
    agent: typeof agent === "string" ? agent : undefined,
    amounts: data && COUNTED.has(type) ? amountsOf(data) : undefined,
    call: type === "tool.call" ? callOf(data ?? {}) : undefined,
    budget: type.startsWith("budget.") ? data : undefined,
  };
}

/** As `factsOf`, from the text that will be stored: so that a replay reads the same. */
export function factsOfText({ text }: EventText): Facts {
  // V8's JSON.parse takes escaped member names for others that it met before (nodejs/node#63785).
  const value: unknown = text.includes("\\") ? parseJson(text).value : JSON.parse(text);
  return factsOf(value as Members);
}

function amountsOf(data: Members): readonly bigint[] | undefined {
  if (!AMOUNTS.some((name) => data[name] !== undefined)) return undefined;
  return AMOUNTS.map((name) => toWhole(data[name]) ?? 0n);
}

function callOf({ tool, allowed, delegationDepth }: Members): CallFacts {
  const depth = typeof delegationDepth === "number" ? delegationDepth : 0;
  return {
    tool: typeof tool === "string" ? tool : "",
    isDenied: allowed === false,
    depth: Number.isInteger(depth) && depth > 0 ? Math.min(depth, MAX_DEPTH) : 0,
  };
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
