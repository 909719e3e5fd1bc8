import { decodeUtf8 } from "@stele/core/bytes";
import { parseJson } from "@stele/core/json";
import type { Entry } from "@stele/core/ledger";

/** An entry and its line, without the newline: the bytes as they are stored. */
export interface EntryLine {
  readonly entry: Entry;
  readonly line: string;
}

/** Where an entry's line lies in its segment; the line's newline is not counted. */
export interface LinePlace {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** An entry, its line and where that lies. */
export interface PlacedLine extends EntryLine, LinePlace {}

/** Deeper than any event that is accepted lies in its entry. */
const MAX_DEPTH = 200;

/** The entry on a line whose hash was checked; undefined when what was hashed is no JSON. */
export function readEntryLine(checkedLine: Uint8Array): EntryLine | undefined {
  const line = decodeUtf8(checkedLine);
  try {
    return line === undefined ? undefined : { entry: parse(line), line };
  } catch {
    return undefined;
  }
}

/** V8's JSON.parse takes escaped member names for others that it met before (nodejs/node#63785). */
function parse(line: string): Entry {
  const value: unknown = line.includes("\\")
    ? parseJson(line, { maxDepth: MAX_DEPTH }).value
    : JSON.parse(line);
  return value as Entry;
}
