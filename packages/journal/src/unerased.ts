import { isErasedLine, readErasure, type Erasures } from "@stele/core/erasure";
import type { World } from "@stele/store";
import type { LedgerReader } from "@stele/store/reading";
import { despiteErasing } from "./contents.ts";
import { contentPath, countErasable } from "@stele/store/contents";

/**
 * How many contents of the segments are there although a sealed entry says that they were erased:
 * the erasure is not finished, or a copy was put back. Reads the content segments that are
 * concerned.
 */
export async function countUnerased(
  { disk }: World,
  directory: string,
  segments: readonly number[],
  erasures: Erasures,
): Promise<number> {
  let count = 0;
  for (const [index, first] of segments.entries()) {
    if (!erasures.touches(first, segments[index + 1] ?? Infinity)) continue;
    const path = contentPath(directory, first);
    count += await despiteErasing(() => countErasable(disk, path, erasures));
  }
  return count;
}

/** Adds what sealed entries from this one on say was erased, each checked against its hash. */
export async function addErasuresFrom(
  reader: LedgerReader,
  from: number,
  erasures: Erasures,
): Promise<void> {
  for await (const { entry, line } of reader.read({ from })) {
    const erasure = isErasedLine(line) ? readErasure(entry.seq, entry.event) : undefined;
    if (erasure) erasures.add(entry.seq, erasure);
  }
}
