export { systemClock, type Clock } from "./clock.ts";
export { recordMcp, type RecordMcpOptions, type Surroundings } from "./record-mcp.ts";
export type { RecordingJournal } from "./recording-journal.ts";
export { NOT_RECORDED } from "./refusal.ts";
export type { WhenUnrecordable } from "./session.ts";
