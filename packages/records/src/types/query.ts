import { recordType, type RecordType } from "../record-type.ts";
import { digest, list, mapOf, name, object, real, share } from "../schema.ts";

/** One assertion that an answer rests on. */
export interface Contribution {
  /** The assertion's hash. */
  readonly assertion: string;
  readonly weight: number;
  /** The hash of where the assertion came from. */
  readonly source?: string;
  readonly lifecycle: string;
}

/** What was asked of a knowledge store, and what the answer rests on. */
export interface QueryData {
  readonly parameters: {
    readonly subject?: unknown;
    readonly predicate?: unknown;
    readonly lifecycle?: unknown;
    readonly epoch?: unknown;
    readonly lens?: unknown;
    readonly [parameter: string]: unknown;
  };
  readonly resultHash: string;
  readonly confidence: number;
  readonly contributions: readonly Contribution[];
}

/** The type `query`. */
export const queryType: RecordType = recordType<QueryData>({
  type: "query",
  meaning: "A question to a store of knowledge; `id` is the query's, `agent` asked.",
  constants: { "gen_ai.operation.name": "retrieval" },
  needs: ["id"],
  members: {
    parameters: {
      schema: mapOf({}),
      meaning: "what was asked: `subject`, `predicate`, `lifecycle`, `epoch`, `lens` and others",
    },
    resultHash: { schema: digest, meaning: "SHA-256 of the answer" },
    confidence: { schema: share, meaning: "how sure the answer is" },
    contributions: {
      schema: list(
        object({ assertion: digest, weight: real, source: digest, lifecycle: name }, [
          "assertion",
          "weight",
          "lifecycle",
        ]),
      ),
      meaning: "the assertions it rests on, with weight, hash of the source and lifecycle",
    },
  },
});
