import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  inferenceResponse,
  otelAttributes,
  otelMappings,
  toolCall,
  toolResult,
} from "@stele/records";

suite("otelAttributes", () => {
  test("a tool call and its result are one execute_tool span", () => {
    const call = toolCall({ id: "c-1", agent: "a", session: "s", tool: "search", inputTokens: 3 });
    assert.deepEqual(otelAttributes(call), {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.agent.id": "a",
      "gen_ai.conversation.id": "s",
      "gen_ai.tool.call.id": "c-1",
      "gen_ai.tool.name": "search",
      "gen_ai.usage.input_tokens": 3,
    });
    const result = toolResult({ parent: "c-1", outcome: "timeout" });
    assert.deepEqual(otelAttributes(result), {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.call.id": "c-1",
      "error.type": "timeout",
    });
    assert.equal("error.type" in otelAttributes(toolResult({ outcome: "ok" })), false);
  });

  test("an answer's finish reason is a list, as OpenTelemetry has it", () => {
    const response = inferenceResponse({
      model: "m-2",
      operation: "embeddings",
      inputTokens: 1,
      outputTokens: 2n ** 60n,
      finishReason: "stop",
    });
    assert.deepEqual(otelAttributes(response), {
      "gen_ai.operation.name": "embeddings",
      "gen_ai.response.model": "m-2",
      "gen_ai.usage.input_tokens": 1,
      "gen_ai.usage.output_tokens": "1152921504606846976",
      "gen_ai.response.finish_reasons": ["stop"],
    });
  });

  test("other types have agent and session; members that are not theirs are left out", () => {
    assert.deepEqual(otelAttributes({ type: "note", agent: "a" }), { "gen_ai.agent.id": "a" });
    assert.deepEqual(otelAttributes({ type: "tool.call", data: 7 }), {
      "gen_ai.operation.name": "execute_tool",
    });
  });

  test("every mapping names attributes of OpenTelemetry only", () => {
    for (const { attributes, constants } of otelMappings) {
      for (const name of [...Object.values(attributes), ...Object.keys(constants)]) {
        assert.match(name, /^(gen_ai\.|error\.type$)/);
      }
    }
  });
});
