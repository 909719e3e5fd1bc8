import type { Erasures } from "@stele/core/erasure";
import type { World } from "@stele/store";
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
    count += await countErasable(disk, contentPath(directory, first), erasures);
  }
  return count;
}
