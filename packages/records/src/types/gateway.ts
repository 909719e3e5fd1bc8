import type { WholeNumber } from "../whole.ts";
import { recordType, type RecordType } from "../record-type.ts";
import { mapOf, name, oneOf, text } from "../schema.ts";
import { cached, provider } from "./inference.ts";
import { amounts } from "./tool.ts";

/** Something that a gateway to models has to say. */
export interface GatewayEventData {
  readonly event: string;
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly provider?: string;
  readonly model?: string;
  readonly inputTokens?: WholeNumber;
  readonly outputTokens?: WholeNumber;
  readonly costMicros?: WholeNumber;
  readonly cached?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const { inputTokens, outputTokens, costMicros } = amounts;

/** The type `gateway.event`. */
export const gatewayEventType: RecordType = recordType<GatewayEventData>({
  type: "gateway.event",
  meaning: "A gateway in front of models reports something.",
  members: {
    event: { schema: name, meaning: "the gateway's own name for it" },
    level: {
      schema: oneOf("trace", "debug", "info", "warn", "error"),
      meaning: "how much it matters",
    },
    message: { schema: text, meaning: "what people read" },
    provider,
    model: {
      schema: name,
      meaning: "the model asked for",
      otel: "gen_ai.request.model",
      optional: true,
    },
    inputTokens,
    outputTokens,
    costMicros,
    cached,
    metadata: { schema: mapOf({}), meaning: "anything else, as an object", optional: true },
  },
});
