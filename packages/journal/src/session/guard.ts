import { SteleError } from "@stele/core/error";
import type { Event } from "@stele/core/event";
import { fromWhole, toWhole, type WholeNumber } from "@stele/core/whole-number";
import type { AppendOptions, Receipt } from "../journal.ts";
import { AMOUNTS, factsOf, type AmountName } from "./facts.ts";
import { requireNames } from "../known-names.ts";
import { readLimits, type GuardLimits, type Limits } from "./guard-limits.ts";
import type { Live } from "./session.ts";
import type { Tally } from "./tally.ts";

/** A call that a guard is asked about. */
export interface GuardedCall extends Readonly<Partial<Record<AmountName, WholeNumber>>> {
  readonly tool: string;
  readonly server?: string | undefined;
  /** Default 0. */
  readonly delegationDepth?: number | undefined;
  readonly id?: string | undefined;
  readonly agent?: string | undefined;
  readonly parent?: string | undefined;
  /** Whom its contents are about: what erasing by subject looks at. */
  readonly subject?: string | readonly string[] | undefined;
  /** More members for the event's data. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** Why a call is denied. */
export interface DenyReason {
  readonly code: DenyCode;
  readonly message: string;
  /** The limit, and what it would have become. */
  readonly limit?: number | string;
  readonly actual?: number | string;
}

/** The closed set of reasons. */
export type DenyCode =
  | "TOOL_DENIED"
  | "TOOL_NOT_ALLOWED"
  | "DEPTH_EXCEEDED"
  | "SEQUENCE_DENIED"
  | "TRANSITION_DENIED"
  | "REQUIRED_TOOL_MISSING"
  | "CALLS_EXCEEDED"
  | "TOOL_CALLS_EXCEEDED"
  | "BYTES_READ_EXCEEDED"
  | "BYTES_WRITTEN_EXCEEDED"
  | "TOKENS_EXCEEDED"
  | "COST_EXCEEDED";

/** What a guard says of a call. */
export type Decision =
  | { readonly allowed: true; readonly reason?: undefined }
  | { readonly allowed: false; readonly reason: DenyReason };

/** A decision that is recorded. */
export type Decided = Decision & { readonly receipt: Receipt };

const CALL_MEMBERS = [
  "tool",
  "server",
  "delegationDepth",
  "id",
  "agent",
  "parent",
  "subject",
  "data",
  ...AMOUNTS,
] as const;
const ALLOWED: Decision = { allowed: true };
const OTHER_CALL: Decision = {
  allowed: false,
  reason: { code: "TOOL_NOT_ALLOWED", message: "the id is that of another call or event" },
};
const MAX_DEPTH = 0xffff_ffff;

interface Asked {
  readonly tool: string;
  readonly depth: number;
  readonly amounts: readonly bigint[];
}

/**
 * Says whether a session's calls are within limits. Deciding reads memory only and takes
 * microseconds; what is counted are the session's entries, those under way too, whoever wrote them
 * through this journal.
 */
export class Guard {
  readonly #live: Live;
  readonly #limits: Limits;

  /** For `Session.guard`. */
  constructor(live: Live, limits: GuardLimits) {
    this.#live = live;
    this.#limits = readLimits(limits);
  }

  /**
   * Whether the call would be allowed now. Counts and records nothing. Throws OPTION_INVALID for a
   * malformed call; JOURNAL_CLOSED and WRITER_FAILED when nothing can be recorded any more.
   */
  check(call: GuardedCall): Decision {
    this.#live.journal.requireWriter();
    const reason = findReason(this.#live.state.counted, this.#limits, readCall(call));
    return reason ? { allowed: false, reason } : ALLOWED;
  }

  /**
   * Decides, counts and records the `tool.call` with the decision in it, in one step: guards that
   * are asked next see it. Resolves when it is acknowledged, as `Journal.append`, and rejects as
   * that does and as `check` throws: then the call must not be made. For an `id` that was recorded
   * before, the decision of then comes back, and a denial when it was of another call.
   */
  async call(call: GuardedCall, options: AppendOptions = {}): Promise<Decided> {
    const decision = this.check(call);
    const { counts, journal, id } = this.#live;
    const before = counts();
    const pending = journal.append(toEvent(id, call, decision), options);
    const isNew = counts() > before;
    const receipt = await pending;
    if (isNew) return { ...decision, receipt };
    await journal.sealed();
    const { event } = await journal.get(receipt.seq);
    return { ...(event.session === id ? decisionOf(event, call) : OTHER_CALL), receipt };
  }
}

/** The decision in a record. What is another call, or none, does not allow this one. */
function decisionOf(event: Event, asked: GuardedCall): Decision {
  const { call, amounts } = factsOf({ ...event });
  if (call?.isDenied) {
    const { reason } = event.data as { readonly reason?: DenyReason };
    if (reason) return { allowed: false, reason };
  }
  const { tool, depth, amounts: wanted } = readCall(asked);
  const isSame = call?.isDenied === false && call.tool === tool && call.depth === depth;
  const areSame = wanted.every((amount, place) => amount === (amounts?.[place] ?? 0n));
  return isSame && areSame ? ALLOWED : OTHER_CALL;
}

function toEvent(session: string, call: GuardedCall, decision: Decision): Event {
  const { tool, server, delegationDepth, id, agent, parent, subject, data } = call;
  const amounts: Record<string, number | string> = {};
  for (const name of AMOUNTS) {
    const value = call[name];
    if (value !== undefined) amounts[name] = fromWhole(toWhole(value)!);
  }
  // What a denied call would have taken was not taken: it stands where no sum finds it.
  const taken = decision.allowed ? amounts : { requested: amounts };
  return {
    type: "tool.call",
    ...(id !== undefined && { id }),
    ...(agent !== undefined && { agent }),
    session,
    ...(parent !== undefined && { parent }),
    ...(subject !== undefined && { subject }),
    data: {
      ...data,
      tool,
      ...(server !== undefined && { server }),
      ...(delegationDepth !== undefined && { delegationDepth }),
      ...taken,
      allowed: decision.allowed,
      ...(decision.reason && { reason: decision.reason }),
    },
  };
}

function readCall(call: GuardedCall): Asked {
  requireNames("a call has no member", call, CALL_MEMBERS);
  const { tool, delegationDepth: depth = 0, data } = call;
  if (typeof tool !== "string" || tool === "") throw invalid("tool must be the tool's name");
  if (!Number.isInteger(depth) || depth < 0 || depth > MAX_DEPTH) {
    throw invalid(`delegationDepth must be a whole number of 32 bits, not ${depth}`);
  }
  for (const name of Object.keys(data ?? {})) {
    if (OWN.has(name)) throw invalid(`data.${name} is the guard's: give it beside data`);
  }
  return { tool, depth, amounts: AMOUNTS.map((name) => amountOf(call, name)) };
}

/** The members of `data` that a guard writes itself. */
const OWN: ReadonlySet<string> = new Set([
  ...AMOUNTS,
  "tool",
  "server",
  "delegationDepth",
  "allowed",
  "reason",
  "requested",
]);

function amountOf(call: GuardedCall, name: AmountName): bigint {
  const untrusted = call[name];
  if (untrusted === undefined) return 0n;
  const value = toWhole(untrusted);
  if (value !== undefined) return value;
  throw invalid(`${name} must be a whole number of 64 bits, not ${String(untrusted)}`);
}

/** The first limit that the call would break, in a fixed order. */
function findReason(tally: Tally, limits: Limits, asked: Asked): DenyReason | undefined {
  return (
    toolReason(limits, asked) ??
    orderReason(tally, limits, asked.tool) ??
    callsReason(tally, limits, asked.tool) ??
    amountReason(tally, limits, asked.amounts)
  );
}

function toolReason(limits: Limits, { tool, depth }: Asked): DenyReason | undefined {
  if (limits.denied.has(tool)) return { code: "TOOL_DENIED", message: `${tool} is denied` };
  if (limits.allowed && !limits.allowed.has(tool)) {
    return { code: "TOOL_NOT_ALLOWED", message: `${tool} is not among the allowed tools` };
  }
  return depth > limits.depth
    ? exceeded("DEPTH_EXCEEDED", "delegation depth", { limit: limits.depth, actual: depth })
    : undefined;
}

function orderReason(tally: Tally, limits: Limits, tool: string): DenyReason | undefined {
  const { lastTool } = tally;
  if (lastTool !== undefined && limits.transitions.get(tool)?.has(lastTool)) {
    return { code: "TRANSITION_DENIED", message: `${tool} directly after ${lastTool}` };
  }
  const sequence = limits.sequences.get(tool)?.find((one) => hasBegun(tally, one));
  if (sequence) {
    return { code: "SEQUENCE_DENIED", message: `the sequence ${sequence.join(", ")}` };
  }
  const missing = limits.before.get(tool)?.find((needed) => !(firstOf(tally, needed) >= 0));
  if (missing === undefined) return undefined;
  return { code: "REQUIRED_TOOL_MISSING", message: `${tool} before ${missing}` };
}

/**
 * Whether all but the last tool of the sequence were called in its order: of two tools, that the
 * second was last called behind the first call of the first.
 */
function hasBegun(tally: Tally, sequence: readonly string[]): boolean {
  const first = firstOf(tally, sequence[0]!);
  if (!(first >= 0)) return false;
  return sequence.length === 2 || (tally.tools.get(sequence[1]!)?.last ?? -1) > first;
}

function firstOf(tally: Tally, tool: string): number {
  return tally.tools.get(tool)?.first ?? -1;
}

function callsReason(tally: Tally, limits: Limits, tool: string): DenyReason | undefined {
  const calls = tally.invocations - tally.denied + 1;
  if (calls > limits.calls) {
    return exceeded("CALLS_EXCEEDED", "calls", { limit: limits.calls, actual: calls });
  }
  const limit = limits.callsOf(tool);
  const known = tally.tools.get(tool);
  const actual = known ? known.calls - known.denied + 1 : 1;
  if (actual <= limit) return undefined;
  return exceeded("TOOL_CALLS_EXCEEDED", `calls of ${tool}`, { limit, actual });
}

function amountReason(
  tally: Tally,
  limits: Limits,
  asked: readonly bigint[],
): DenyReason | undefined {
  const sum = (place: number): bigint => tally.amounts[place]! + asked[place]!;
  return (
    over("BYTES_READ_EXCEEDED", "bytes read", limits.bytesRead, () => sum(0)) ??
    over("BYTES_WRITTEN_EXCEEDED", "bytes written", limits.bytesWritten, () => sum(1)) ??
    over("TOKENS_EXCEEDED", "tokens", limits.tokens, () => sum(2) + sum(3)) ??
    over("COST_EXCEEDED", "micros of cost", limits.costMicros, () => sum(4))
  );
}

function over(
  code: DenyCode,
  what: string,
  limit: bigint | undefined,
  sum: () => bigint,
): DenyReason | undefined {
  if (limit === undefined) return undefined;
  const actual = sum();
  return actual > limit ? exceeded(code, what, { limit, actual }) : undefined;
}

function exceeded(
  code: DenyCode,
  what: string,
  sums: { readonly limit: number | bigint; readonly actual: number | bigint },
): DenyReason {
  const [limit, actual] = [sums.limit, sums.actual].map((sum) => clamp(BigInt(sum)));
  const message = `${actual} ${what} would be more than ${limit}`;
  return { code, message, limit: limit!, actual: actual! };
}

function clamp(sum: bigint): number | string {
  const max = 2n ** 64n - 1n;
  return fromWhole(sum > max ? max : sum);
}

function invalid(message: string): SteleError {
  return new SteleError("OPTION_INVALID", message);
}
