import { parseSegmentName, segmentName } from "@stele/core/ledger";
import type { Disk } from "./disk.ts";
import { listIfAny } from "./files.ts";
import { join, LEDGER } from "./layout.ts";

/**
 * The `first` of each segment in the ledger, ascending; none when the ledger is missing. Other
 * names are ignored.
 */
export async function listSegments(disk: Disk, directory: string): Promise<readonly number[]> {
  const names = await listIfAny(disk, join(directory, LEDGER));
  return names
    .map(parseSegmentName)
    .filter((first) => first !== undefined)
    .toSorted((left, right) => left - right);
}

/** The path of a ledger segment. */
export function segmentPath(directory: string, first: number): string {
  return join(directory, LEDGER, segmentName(first));
}

/**
 * The segment that holds the entry: the last one whose `first` is not above `seq`. Undefined when
 * all are.
 */
export function findSegment(segments: readonly number[], seq: number): number | undefined {
  let lo = 0;
  let hi = segments.length;
  while (lo < hi) {
    const middle = Math.floor((lo + hi) / 2);
    if (segments[middle]! <= seq) lo = middle + 1;
    else hi = middle;
  }
  return segments[lo - 1];
}
