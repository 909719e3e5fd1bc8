import { clip } from "./clip.ts";
import type { Range } from "./json-ranges.ts";

/** A JSON-RPC id, of whatever form it came in. */
export interface Id {
  /** Its JSON text, by which it is told apart from others, and which an answer repeats. */
  readonly json: string;
  /** As it may stand in an event: a string or a number as it is, anything else as its text. */
  readonly recorded: string | number | null;
}

/**
 * The id whose value lies there in the line; undefined when there is none. A number that a double
 * does not hold, as ids of 64 bits are, is the text that came: as doubles two calls could have one
 * id. The text of what is no id may be nested deeper than could be written again.
 */
export function readId(line: Buffer, value: unknown, range: Range | undefined): Id | undefined {
  if (!range) return undefined;
  if (typeof value === "string") return { json: JSON.stringify(value), recorded: clip(value) };
  if (value === null || Number.isSafeInteger(value)) {
    return { json: String(value), recorded: value as number | null };
  }
  const json = line.toString("utf8", range.start, range.end);
  const isExact = typeof value === "number" && String(value) === json;
  return { json, recorded: isExact ? value : clip(json) };
}
