import { isObject, type JsonObject, type Message } from "./message.ts";

/**
 * How a call went. `tool_error`: the tool said so (`isError`). `protocol_error`: the answer is an
 * error, or no result. `input_required`: the server wants the call again with more input
 * (2026-07-28). `deferred`: the answer only says where the result will be (a task, or a type of
 * result unknown here). `cancelled`: the client took the call back. `refused`: the recorder did not
 * pass the call on.
 */
export type Outcome =
  | "ok"
  | "tool_error"
  | "protocol_error"
  | "input_required"
  | "deferred"
  | "cancelled"
  | "refused";

/** The outcome that the answer to a call states. */
export function outcomeOf(answer: Message): Outcome {
  const result = resultOf(answer);
  if (!result) return "protocol_error";
  if (result["resultType"] === "input_required") return "input_required";
  if ((result["resultType"] ?? "complete") !== "complete" || taskIdOf(result) !== undefined) {
    return "deferred";
  }
  return result["isError"] === true ? "tool_error" : "ok";
}

/** The result of an answer, if it has one of the right form. */
export function resultOf(answer: Message): JsonObject | undefined {
  const result = answer.value["result"];
  return answer.kind === "result" && isObject(result) ? result : undefined;
}

/** The task that will have the result (2025-11-25). */
export function taskIdOf(result: JsonObject): string | undefined {
  const task = result["task"];
  const id = isObject(task) ? task["taskId"] : undefined;
  return typeof id === "string" ? id : undefined;
}
