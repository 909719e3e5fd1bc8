export { decision, digestOf, isReplayOf, replayDigest } from "./decision.ts";
export {
  budgetCommitted,
  budgetOpened,
  budgetReleased,
  budgetReserved,
  gatewayEvent,
  inferenceRequest,
  inferenceResponse,
  query,
  toolCall,
  toolResult,
} from "./event.ts";
export { otelAttributes, otelMappings, type OtelValue } from "./otel.ts";
export { recordTypes, type OwnType, type RecordRegistry } from "./registry.ts";
export { checkReview, review, type Review } from "./review.ts";
export type { WholeNumber } from "./whole.ts";
