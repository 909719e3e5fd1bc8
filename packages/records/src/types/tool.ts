import type { WholeNumber } from "../whole.ts";
import { recordType, type OptionalMember, type RecordType } from "../record-type.ts";
import { flag, name, object, real, small, text, whole } from "../schema.ts";

/** Why a call was denied. */
export interface Denial {
  readonly code: string;
  readonly message: string;
  readonly limit?: WholeNumber;
  readonly actual?: WholeNumber;
}

/** An agent asks for a tool. */
export interface ToolCallData {
  readonly tool: string;
  readonly server?: string;
  readonly delegationDepth?: number;
  readonly bytesRead?: WholeNumber;
  readonly bytesWritten?: WholeNumber;
  readonly allowed?: boolean;
  readonly reason?: Denial;
  readonly inputTokens?: WholeNumber;
  readonly outputTokens?: WholeNumber;
  readonly costMicros?: WholeNumber;
}

/** What a tool did. */
export interface ToolResultData {
  readonly tool?: string;
  readonly server?: string;
  readonly outcome: string;
  readonly bytesRead?: WholeNumber;
  readonly bytesWritten?: WholeNumber;
  readonly durationMs?: number;
  readonly error?: unknown;
  readonly inputTokens?: WholeNumber;
  readonly outputTokens?: WholeNumber;
  readonly costMicros?: WholeNumber;
}

type Amount = "bytesRead" | "bytesWritten" | "inputTokens" | "outputTokens" | "costMicros";

/** Members that add up over a session. */
export const amounts: Readonly<Record<Amount, OptionalMember>> = {
  bytesRead: { schema: whole, meaning: "bytes that it read", optional: true },
  bytesWritten: { schema: whole, meaning: "bytes that it wrote", optional: true },
  inputTokens: {
    schema: whole,
    meaning: "tokens that went in",
    otel: "gen_ai.usage.input_tokens",
    optional: true,
  },
  outputTokens: {
    schema: whole,
    meaning: "tokens that came out",
    otel: "gen_ai.usage.output_tokens",
    optional: true,
  },
  costMicros: {
    schema: whole,
    meaning: "cost in millionths of the currency's unit",
    optional: true,
  },
};

const server = { schema: name, meaning: "the server that has the tool", optional: true } as const;

/** The type `tool.call`. */
export const toolCallType: RecordType = recordType<ToolCallData>({
  type: "tool.call",
  meaning: "An agent called a tool, or wanted to.",
  constants: { "gen_ai.operation.name": "execute_tool" },
  links: { id: "gen_ai.tool.call.id" },
  members: {
    tool: { schema: name, meaning: "the tool's name", otel: "gen_ai.tool.name" },
    server,
    delegationDepth: {
      schema: small,
      meaning: "how many agents deep the call was delegated; 0 when absent",
      optional: true,
    },
    ...amounts,
    allowed: {
      schema: flag,
      meaning: "false when a guard denied it; true when absent",
      optional: true,
    },
    reason: {
      schema: object({ code: name, message: text, limit: whole, actual: whole }, [
        "code",
        "message",
      ]),
      meaning: "why it was denied, with the limit and what would have been",
      optional: true,
    },
  },
});

/** The type `tool.result`. */
export const toolResultType: RecordType = recordType<ToolResultData>({
  type: "tool.result",
  meaning: "What became of a tool call; `parent` is the id of the call.",
  constants: { "gen_ai.operation.name": "execute_tool" },
  links: { parent: "gen_ai.tool.call.id" },
  members: {
    tool: { schema: name, meaning: "the tool's name", otel: "gen_ai.tool.name", optional: true },
    server,
    outcome: { schema: name, meaning: "`ok`, or a word for what went wrong" },
    ...amounts,
    durationMs: {
      schema: { ...real, minimum: 0, description: "a number from 0 on" },
      meaning: "how long it took, in milliseconds",
      optional: true,
    },
    error: { schema: {}, meaning: "the error as the tool gave it", optional: true },
  },
});
