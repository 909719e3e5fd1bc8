import type { Event } from "@stele/core/event";
import { withoutBigInts } from "./whole.ts";
import type { BudgetAmountData, BudgetOpenedData, BudgetReleasedData } from "./types/budget.ts";
import type { GatewayEventData } from "./types/gateway.ts";
import type { InferenceRequestData, InferenceResponseData } from "./types/inference.ts";
import type { QueryData } from "./types/query.ts";
import type { ToolCallData, ToolResultData } from "./types/tool.ts";

/** What a record says besides its `data`. */
export interface Links {
  readonly id?: string | undefined;
  readonly agent?: string | undefined;
  readonly session?: string | undefined;
  readonly parent?: string | undefined;
  /** Whom the contents are about: what erasing by subject looks at. */
  readonly subject?: string | readonly string[] | undefined;
}

/** What a helper takes: the links and the members of `data` side by side. Others are kept. */
export type Input<Data> = Links & Data & { readonly [other: string]: unknown };

/** An event of a type. */
export interface TypedEvent<Type extends string> extends Event {
  readonly type: Type;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The event of a type with these links and data, each bigint as JSON can hold it. Nothing else is
 * checked: the journal's `records` does that. Throws RECORD_INVALID for a bigint beyond 64 bits.
 */
export function typedEvent<Type extends string>(
  type: Type,
  input: Input<unknown>,
): TypedEvent<Type> {
  const { id, agent, session, parent, subject, ...rest } = input;
  const links = Object.entries({ id, agent, session, parent, subject }).filter(
    ([, value]) => value !== undefined,
  );
  const data = withoutBigInts(rest, "/data") as TypedEvent<Type>["data"];
  return { type, ...Object.fromEntries<unknown>(links), data };
}

/** A `tool.call` event. */
export function toolCall(call: Input<ToolCallData>): TypedEvent<"tool.call"> {
  return typedEvent("tool.call", call);
}

/** A `tool.result` event; `parent` is the id of the call. */
export function toolResult(result: Input<ToolResultData>): TypedEvent<"tool.result"> {
  return typedEvent("tool.result", result);
}

/** An `inference.request` event. */
export function inferenceRequest(
  request: Input<InferenceRequestData>,
): TypedEvent<"inference.request"> {
  return typedEvent("inference.request", request);
}

/** An `inference.response` event; `parent` is the id of the request. */
export function inferenceResponse(
  response: Input<InferenceResponseData>,
): TypedEvent<"inference.response"> {
  return typedEvent("inference.response", response);
}

/** A `gateway.event` event. */
export function gatewayEvent(event: Input<GatewayEventData>): TypedEvent<"gateway.event"> {
  return typedEvent("gateway.event", event);
}

/** A `query` event: `id` is the query's, `agent` the one that asked. */
export function query(audit: Input<QueryData> & { readonly id: string }): TypedEvent<"query"> {
  return typedEvent("query", audit);
}

/** A `budget.opened` event. */
export function budgetOpened(budget: Input<BudgetOpenedData>): TypedEvent<"budget.opened"> {
  return typedEvent("budget.opened", budget);
}

/** A `budget.reserved` event. */
export function budgetReserved(amount: Input<BudgetAmountData>): TypedEvent<"budget.reserved"> {
  return typedEvent("budget.reserved", amount);
}

/** A `budget.committed` event. */
export function budgetCommitted(amount: Input<BudgetAmountData>): TypedEvent<"budget.committed"> {
  return typedEvent("budget.committed", amount);
}

/** A `budget.released` event. */
export function budgetReleased(released: Input<BudgetReleasedData>): TypedEvent<"budget.released"> {
  return typedEvent("budget.released", released);
}
