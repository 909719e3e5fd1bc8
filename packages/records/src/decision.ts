import { createHash } from "node:crypto";
import { typedEvent, type Input, type TypedEvent } from "./event.ts";
import type { DecisionData } from "./types/decision.ts";

/** A decision before it is recorded: its replay digest follows from the rest. */
export type DecisionInput = Input<Omit<DecisionData, "replayDigest">>;

/** What a decision came to, and from what: the members that a replay must bring out again. */
export type Outcome = Pick<
  DecisionData,
  "policyDigest" | "inputDigest" | "requested" | "chosen" | "verdict" | "reasons"
>;

/** Hex SHA-256 of the bytes, or of the text as UTF-8: for policies, inputs and results. */
export function digestOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A `decision` event, with the replay digest that follows from it. */
export function decision(made: DecisionInput): TypedEvent<"decision"> {
  return typedEvent("decision", { ...made, replayDigest: replayDigest(made) });
}

/**
 * SHA-256 of the JSON text of what a replay must bring out again, in this order: the word
 * `stele/replay/v1`, policyDigest, inputDigest, requested, chosen (or null), verdict, and for each
 * reason constraint and passed.
 */
export function replayDigest(outcome: Outcome): string {
  const { policyDigest, inputDigest, requested, chosen = null, verdict, reasons } = outcome;
  const results = reasons.map(({ constraint, passed }) => [constraint, passed]);
  const parts = [policyDigest, inputDigest, requested, chosen, verdict, results];
  return digestOf(JSON.stringify(["stele/replay/v1", ...parts]));
}

/**
 * Whether deciding again came out as it was recorded: the same policy on the same input, with the
 * same result for each constraint.
 */
export function isReplayOf(recorded: { readonly data?: unknown }, replayed: Outcome): boolean {
  const { replayDigest: digest } = (recorded.data ?? {}) as { readonly replayDigest?: unknown };
  return digest === replayDigest(replayed);
}
