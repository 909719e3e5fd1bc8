import { parseJson } from "@stele/core/json";
import { readCalybrisLine } from "./calybris-line.ts";
import type { MappedEvent, OriginEntry } from "./format.ts";

/** Larger data stays in the content alone. */
const MAX_VALUE_BYTES = 16_384;

/**
 * The log's data can be anything: it becomes `value`, where numbers that no double holds are
 * strings; the content has every byte.
 */
export function mapCalybris({ bytes }: OriginEntry): MappedEvent {
  const line = readCalybrisLine(bytes);
  if ("problem" in line || line.data.length > MAX_VALUE_BYTES) {
    return { type: "calybris.record", data: {} };
  }
  const { sequence } = line;
  const { value } = parseJson(Buffer.from(line.data).toString(), { inexactNumbers: "string" });
  return { type: "calybris.record", data: { sequence, value } };
}
