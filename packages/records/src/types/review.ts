import { recordType, type RecordType } from "../record-type.ts";
import { digest, mapOf, name, object, oneOf, real, small, type JsonSchema } from "../schema.ts";

/** Who reviewed: a model or a human. */
export type Critic =
  | { readonly type: "llm"; readonly modelId: string }
  | { readonly type: "human"; readonly userId: string; readonly name: string };

/** What a critic says of what a director made. */
export interface ReviewData {
  readonly directorHash: string;
  readonly criticHash: string;
  readonly verdict: "approved" | "rejected" | "needs_revision";
  readonly score: number;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly critic: Critic;
  readonly iteration: number;
}

/** A critic of this type has these members. */
function needs(type: Critic["type"], required: readonly string[]): JsonSchema {
  const properties = { type: { const: type } };
  // A keyword of JSON Schema; nobody awaits it.
  // oxlint-disable-next-line unicorn/no-thenable
  return { if: { required: ["type"], properties }, then: { required } };
}

const critic: JsonSchema = {
  ...object({ type: oneOf("llm", "human"), modelId: name, userId: name, name }, ["type"]),
  allOf: [needs("llm", ["modelId"]), needs("human", ["userId", "name"])],
};

/** The type `review`. */
export const reviewType: RecordType = recordType<ReviewData>({
  type: "review",
  meaning:
    "A critic reviewed a director's output. Both texts are contents, `director` and `critic`; " +
    "the critic's key signs the event.",
  constants: { "gen_ai.evaluation.name": "review" },
  members: {
    directorHash: { schema: digest, meaning: "SHA-256 of the content `director`" },
    criticHash: { schema: digest, meaning: "SHA-256 of the content `critic`" },
    verdict: {
      schema: oneOf("approved", "rejected", "needs_revision"),
      meaning: "what the critic says",
      otel: "gen_ai.evaluation.score.label",
    },
    score: { schema: real, meaning: "the score as a whole", otel: "gen_ai.evaluation.score.value" },
    dimensions: { schema: mapOf(real), meaning: "the score by dimension" },
    critic: { schema: critic, meaning: "the model, or the human with id and name" },
    iteration: { schema: small, meaning: "which round of the exchange it was" },
  },
});
