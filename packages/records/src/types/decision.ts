import type { WholeNumber } from "../whole.ts";
import { recordType, type RecordType } from "../record-type.ts";
import { digest, flag, list, name, object, oneOf, text, whole } from "../schema.ts";

/** One rule of a policy, and how it came out. */
export interface ConstraintResult {
  readonly constraint: string;
  readonly passed: boolean;
  readonly reason?: string;
}

/** What a policy made of a request. */
export interface DecisionData {
  readonly policy: string;
  readonly policyDigest: string;
  readonly inputDigest: string;
  readonly replayDigest: string;
  readonly requested: string;
  readonly chosen?: string;
  readonly verdict: "admit" | "substitute" | "reject";
  readonly reasons: readonly ConstraintResult[];
  readonly costMicros?: WholeNumber;
  readonly currency?: string;
}

/** The type `decision`. */
export const decisionType: RecordType = recordType<DecisionData>({
  type: "decision",
  meaning: "A policy admitted a request, put something else in its place, or rejected it.",
  members: {
    policy: { schema: name, meaning: "the policy's name and version" },
    policyDigest: { schema: digest, meaning: "SHA-256 of the policy's text as it was applied" },
    inputDigest: { schema: digest, meaning: "SHA-256 of the input that the policy saw" },
    replayDigest: {
      schema: digest,
      meaning: "what must come out again when the same policy sees the same input",
    },
    requested: { schema: text, meaning: "what was asked for: a model, a tool, an action" },
    chosen: { schema: text, meaning: "what was given; absent when rejected", optional: true },
    verdict: {
      schema: oneOf("admit", "substitute", "reject"),
      meaning: "given as asked, given in another form, or refused",
    },
    reasons: {
      schema: list(
        object({ constraint: name, passed: flag, reason: text }, ["constraint", "passed"]),
      ),
      meaning: "each constraint, whether it was met, and why not",
    },
    costMicros: {
      schema: whole,
      meaning: "expected cost in millionths of the currency's unit",
      optional: true,
    },
    currency: { schema: name, meaning: "ISO 4217, such as USD", optional: true },
  },
});
