export { systemClock } from "./clock.ts";
export type { Clock } from "./clock.ts";
export { recordMcp } from "./record-mcp.ts";
export type { RecordMcpOptions } from "./record-mcp.ts";
export type { Gap, RecordingJournal } from "./recording-journal.ts";
export { NOT_RECORDED } from "./refusal.ts";
export type { WhenUnrecordable } from "./session.ts";
