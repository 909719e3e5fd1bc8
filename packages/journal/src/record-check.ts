import type { Event, EventText } from "@stele/core/event";
import { parseJson } from "@stele/core/json";

/** What knows the record types and checks events against them, such as that of @stele/records. */
export interface RecordCheck {
  /** Whether events of this type are checked. */
  has(type: string): boolean;
  /** Throws RECORD_INVALID when the event, as a reader would see it, is not of its type. */
  check(event: Event): void;
}

/** Checks what would be recorded, before it has a place. Parses it only when its type is known. */
export function checkRecord(records: RecordCheck | undefined, { type, text }: EventText): void {
  if (records?.has(type) !== true) return;
  // V8's JSON.parse takes escaped member names for others that it met before (nodejs/node#63785).
  const value: unknown = text.includes("\\") ? parseJson(text).value : JSON.parse(text);
  records.check(value as Event);
}
