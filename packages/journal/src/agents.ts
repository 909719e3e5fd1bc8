export { provePossession } from "@stele/core/agent-event";
export { isEventSignedBy } from "@stele/core/signed-event";
export type { AgentKey } from "./agent-registry.ts";
export type { NewAgentKey } from "./journal.ts";
export { parseSigned, signEvent, SignedEvent, type SignOptions } from "./signed.ts";
