export { SteleError, type ErrorCode } from "@stele/core/error";
export {
  encodeEvent,
  parseEvent,
  type Event,
  type EventText,
  type RecordedEvent,
} from "@stele/core/event";
export type { Signer } from "@stele/core/key";
export type { Entry } from "@stele/core/ledger";
export type { Verdict } from "@stele/core/verdict";
export type { World } from "@stele/store";
export type { EntryLine, ReadRange } from "@stele/store/reading";
export { createJournal, type Created, type CreateOptions } from "./create.ts";
export {
  openJournal,
  type AppendOptions,
  type Journal,
  type OpenOptions,
  type Receipt,
} from "./journal.ts";
export type { Gap } from "./notices.ts";
export { openReader, type JournalReader } from "./reading.ts";
export type { VerifyOptions } from "./verify.ts";
