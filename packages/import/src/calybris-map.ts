import type { MappedEvent, OriginEntry } from "./format.ts";

/** The log's data can be anything: it stays what it is, in the content. */
export function mapCalybris(_entry: OriginEntry): MappedEvent {
  return { type: "calybris.record", data: {} };
}
