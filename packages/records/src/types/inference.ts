import type { WholeNumber } from "../whole.ts";
import { mandatory, recordType, type OptionalMember, type RecordType } from "../record-type.ts";
import { flag, name, real, whole } from "../schema.ts";
import { amounts } from "./tool.ts";

/** A request to a model. */
export interface InferenceRequestData {
  readonly provider?: string;
  readonly model: string;
  readonly operation?: string;
  readonly stream?: boolean;
  readonly maxTokens?: WholeNumber;
  readonly temperature?: number;
}

/** A model's answer. */
export interface InferenceResponseData {
  readonly provider?: string;
  readonly model: string;
  readonly operation?: string;
  readonly inputTokens: WholeNumber;
  readonly outputTokens: WholeNumber;
  readonly costMicros?: WholeNumber;
  readonly cached?: boolean;
  readonly finishReason?: string;
  readonly durationMs?: number;
}

/** Who runs the model. */
export const provider: OptionalMember = {
  schema: name,
  meaning: "who runs the model, such as `openai`",
  otel: "gen_ai.provider.name",
  optional: true,
};

/** Whether a cache answered. */
export const cached: OptionalMember = {
  schema: flag,
  meaning: "whether the answer came from the gateway's cache",
  optional: true,
};

const operation = {
  schema: name,
  meaning: "`chat` when absent; `text_completion`, `embeddings`, …",
  otel: "gen_ai.operation.name",
  optional: true,
} as const;

const CHAT = { "gen_ai.operation.name": "chat" };

/** The type `inference.request`. */
export const inferenceRequestType: RecordType = recordType<InferenceRequestData>({
  type: "inference.request",
  meaning: "A model was asked.",
  constants: CHAT,
  members: {
    provider,
    model: { schema: name, meaning: "the model asked for", otel: "gen_ai.request.model" },
    operation,
    stream: {
      schema: flag,
      meaning: "whether the answer was to come in pieces",
      otel: "gen_ai.request.stream",
      optional: true,
    },
    maxTokens: {
      schema: whole,
      meaning: "the most tokens to come out",
      otel: "gen_ai.request.max_tokens",
      optional: true,
    },
    temperature: {
      schema: real,
      meaning: "how freely to choose",
      otel: "gen_ai.request.temperature",
      optional: true,
    },
  },
});

const { inputTokens, outputTokens, costMicros } = amounts;

/** The type `inference.response`. */
export const inferenceResponseType: RecordType = recordType<InferenceResponseData>({
  type: "inference.response",
  meaning: "A model answered; `parent` is the id of the request.",
  constants: CHAT,
  members: {
    provider,
    model: { schema: name, meaning: "the model that answered", otel: "gen_ai.response.model" },
    operation,
    inputTokens: mandatory(inputTokens),
    outputTokens: mandatory(outputTokens),
    costMicros,
    cached,
    finishReason: {
      schema: name,
      meaning: "why it stopped, such as `stop` or `length`",
      otel: "gen_ai.response.finish_reasons",
      optional: true,
    },
    durationMs: {
      schema: { ...real, minimum: 0, description: "a number from 0 on" },
      meaning: "how long it took, in milliseconds",
      optional: true,
    },
  },
});
