import type { Hash, Hasher } from "../hash.ts";
import {
  isNatural,
  largestPowerOfTwoBelow,
  perfectNodes,
  type LeafPlace,
  type Range,
  type TreeGrowth,
  type TreeNode,
} from "./layout.ts";

/**
 * The nodes whose hashes `proveInclusion` needs, so that one batch reads them: at most 2
 * log2(size). Throws RangeError unless the tree has that leaf.
 */
export function inclusionNodes(place: LeafPlace): TreeNode[] {
  return inclusionRanges(place).flatMap(perfectNodes);
}

/**
 * The inclusion proof of a leaf (RFC 6962 section 2.1.1), its sibling first: at most log2(size)
 * hashes, rounded up. `hashes` are those of `inclusionNodes`, in its order; RangeError when there
 * are more or fewer.
 */
export function proveInclusion(hasher: Hasher, place: LeafPlace, hashes: readonly Hash[]): Hash[] {
  return foldRanges(hasher, inclusionRanges(place), hashes);
}

/**
 * The nodes whose hashes `proveConsistency` needs: at most 1 + 2 log2(size), none when the sizes
 * are equal. Throws RangeError unless 1 <= oldSize <= size; that a tree extends the empty one needs
 * no proof.
 */
export function consistencyNodes(growth: TreeGrowth): TreeNode[] {
  return consistencyRanges(growth).flatMap(perfectNodes);
}

/**
 * The consistency proof between two sizes (RFC 6962 section 2.1.2): at most 1 + log2(size) hashes,
 * rounded up. `hashes` are those of `consistencyNodes`, in its order; RangeError when there are
 * more or fewer.
 */
export function proveConsistency(
  hasher: Hasher,
  growth: TreeGrowth,
  hashes: readonly Hash[],
): Hash[] {
  return foldRanges(hasher, consistencyRanges(growth), hashes);
}

/** The subtrees that the proof states, in its order. */
function inclusionRanges({ index, size }: LeafPlace): Range[] {
  if (!isNatural(size) || !isNatural(index) || index >= size) {
    throw new RangeError(`leaf ${index} of a tree of ${size}`);
  }
  return descend({ index, size }, ({ lo, hi }) => hi - lo === 1).passed;
}

/** The subtrees that the proof states, in its order. */
function consistencyRanges({ oldSize, size }: TreeGrowth): Range[] {
  if (!isNatural(size) || !isNatural(oldSize) || oldSize < 1 || oldSize > size) {
    throw new RangeError(`tree of ${size} leaves as an extension of one of ${oldSize}`);
  }
  const last = { index: oldSize - 1, size };
  const { range, passed } = descend(last, ({ hi }) => hi === oldSize);
  // The whole old tree is known to who checks; a part of it is where the proof starts.
  return range.lo === 0 ? passed : [range, ...passed];
}

/** Goes from the root towards a leaf until it has arrived; what it passes by, last first. */
function descend({ index, size }: LeafPlace, arrived: (range: Range) => boolean): Descent {
  const passed: Range[] = [];
  let range: Range = { lo: 0, hi: size };
  while (!arrived(range)) {
    const middle = range.lo + largestPowerOfTwoBelow(range.hi - range.lo);
    const left = { lo: range.lo, hi: middle };
    const right = { lo: middle, hi: range.hi };
    passed.push(index < middle ? right : left);
    range = index < middle ? left : right;
  }
  return { range, passed: passed.toReversed() };
}

interface Descent {
  readonly range: Range;
  readonly passed: Range[];
}

/** The hash of each range, from those of the perfect subtrees that it consists of. */
function foldRanges(hasher: Hasher, ranges: readonly Range[], hashes: readonly Hash[]): Hash[] {
  const counts = ranges.map((range) => perfectNodes(range).length);
  const needed = counts.reduce((sum, count) => sum + count, 0);
  if (hashes.length !== needed) throw new RangeError(`${hashes.length} hashes, not ${needed}`);
  const rest = [...hashes];
  return counts.map((count) =>
    rest.splice(0, count).reduceRight((right, left) => hasher.node(left, right)),
  );
}
