import type { RecordType } from "../record-type.ts";
import { budgetTypes } from "./budget.ts";
import { decisionType } from "./decision.ts";
import { gatewayEventType } from "./gateway.ts";
import { inferenceRequestType, inferenceResponseType } from "./inference.ts";
import { queryType } from "./query.ts";
import { reviewType } from "./review.ts";
import { toolCallType, toolResultType } from "./tool.ts";

/** The types that Stele knows, in the order in which documents show them. */
export const recordTypeList: readonly RecordType[] = [
  decisionType,
  toolCallType,
  toolResultType,
  inferenceRequestType,
  inferenceResponseType,
  gatewayEventType,
  reviewType,
  queryType,
  ...budgetTypes,
];
