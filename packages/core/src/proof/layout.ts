// Where things stand in an RFC 6962 tree of up to 2^53 - 1 leaves. Nothing here shifts, which would
// cut to 32 bits, or takes logarithms, which round: doubles double and halve exactly.

/**
 * A perfect subtree: the 2^level leaves from index * 2^level on. A leaf has level 0. Once its last
 * leaf is there, its hash never changes.
 */
export interface TreeNode {
  readonly level: number;
  /** 0-based, among the nodes of its level. */
  readonly index: number;
}

/** A leaf in a tree. */
export interface LeafPlace {
  /** 0-based. */
  readonly index: number;
  /** How many leaves the tree has. */
  readonly size: number;
}

/** A tree and an older state of it: its first `oldSize` leaves. */
export interface TreeGrowth {
  readonly oldSize: number;
  readonly size: number;
}

/** The leaves `lo` to `hi - 1`. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
}

/**
 * The perfect subtrees whose hashes make the root of a tree of this size, largest first: those
 * that a `Frontier` of this size holds. One for each set bit of the size.
 */
export function rootNodes(size: number): TreeNode[] {
  if (!isNatural(size)) throw new RangeError(`tree size ${size}`);
  return perfectNodes({ lo: 0, hi: size });
}

/**
 * The perfect subtrees that a range consists of, largest first. The range is a subtree of RFC
 * 6962: its `lo` is a multiple of a power of two that is at least its length.
 */
export function perfectNodes({ lo, hi }: Range): TreeNode[] {
  const nodes: TreeNode[] = [];
  let first = lo;
  while (first < hi) {
    const { level, leaves } = largestPerfect(hi - first);
    if (first % leaves !== 0) throw new RangeError(`no subtree has the leaves ${lo} to ${hi} - 1`);
    nodes.push({ level, index: first / leaves });
    first += leaves;
  }
  return nodes;
}

/** How many of two or more leaves the left subtree has (RFC 6962 section 2.1). */
export function largestPowerOfTwoBelow(size: number): number {
  return largestPerfect(size - 1).leaves;
}

/** Whether it is 0 to 2^53 - 1, as every size and index is. */
export function isNatural(untrusted: number): boolean {
  return Number.isSafeInteger(untrusted) && untrusted >= 0;
}

/** The largest perfect tree of at most `count` leaves, one at least. */
function largestPerfect(count: number): { readonly level: number; readonly leaves: number } {
  let level = 0;
  let leaves = 1;
  while (2 * leaves <= count) {
    leaves *= 2;
    level++;
  }
  return { level, leaves };
}
