import { isHash, type Hash, type Hasher } from "../hash.ts";
import { isNatural, type LeafPlace, type TreeGrowth } from "./layout.ts";

// Walks up from the leaf, as RFC 9162 does, where prove.ts walks down from the root. The two share
// no arithmetic of the tree, so that neither can hide the other's mistake.

/** That the leaf with this hash is at this place. */
export interface InclusionClaim extends LeafPlace {
  readonly leaf: Hash;
  readonly root: Hash;
}

/** That the one tree is the other one's beginning. */
export interface ConsistencyClaim extends TreeGrowth {
  readonly oldRoot: Hash;
  readonly root: Hash;
}

/**
 * Whether the hashes prove the claim (RFC 9162 section 2.1.3.2). False for anything else, also for
 * what is no size, index or hash; says no more, and never throws. At most log2(size) node hashes,
 * rounded up. Size and root must come from one checkpoint: the proof does not bind them to each
 * other.
 */
export function checkInclusion(
  hasher: Hasher,
  claim: InclusionClaim,
  untrusted: readonly string[],
): boolean {
  const { index, size, leaf, root } = claim;
  if (!isNatural(index) || !isNatural(size) || index >= size) return false;
  if (!isHash(leaf) || !isHash(root)) return false;
  const siblings = placeSiblings(index, size - 1, untrusted);
  return siblings !== undefined && climb(hasher, leaf, siblings) === root;
}

/**
 * Whether the hashes prove the claim (RFC 9162 section 2.1.4.2). False for anything else, also for
 * an old tree without leaves, which every tree extends; says no more, and never throws. At most
 * 2 log2(size) node hashes, rounded up. Each size and its root must come from one checkpoint.
 */
export function checkConsistency(
  hasher: Hasher,
  claim: ConsistencyClaim,
  untrusted: readonly string[],
): boolean {
  const { oldSize, size, oldRoot, root } = claim;
  if (!isNatural(oldSize) || !isNatural(size) || oldSize < 1 || oldSize > size) return false;
  if (!isHash(oldRoot) || !isHash(root)) return false;
  if (oldSize === size) return untrusted.length === 0 && oldRoot === root;
  // The largest perfect subtree that ends where the old tree ends.
  let index = oldSize - 1;
  let last = size - 1;
  for (; isOdd(index); index = halve(index)) last = halve(last);
  // The first of its level is the whole old tree; any other is what the proof starts with.
  const [start, ...rest] = index === 0 ? [oldRoot, ...untrusted] : untrusted;
  const siblings = placeSiblings(index, last, rest);
  if (!isHash(start) || siblings === undefined) return false;
  // What stands to the right was not there yet.
  const oldSiblings = siblings.filter(({ side }) => side === "left");
  return climb(hasher, start, oldSiblings) === oldRoot && climb(hasher, start, siblings) === root;
}

type Side = "left" | "right";

interface Sibling {
  readonly side: Side;
  readonly hash: Hash;
}

/**
 * The hashes as siblings of the way from a node up to the root, whose level ends with node `last`.
 * Undefined unless they are hashes and as many as the way has.
 */
function placeSiblings(
  index: number,
  last: number,
  untrusted: readonly string[],
): Sibling[] | undefined {
  const sides = siblingSides(index, last);
  if (untrusted.length !== sides.length || !untrusted.every(isHash)) return undefined;
  return untrusted.map((hash, place) => ({ hash, side: sides[place]! }));
}

function siblingSides(index: number, last: number): Side[] {
  const sides: Side[] = [];
  while (last > 0) {
    if (isOdd(index)) sides.push("left");
    else if (index < last) sides.push("right");
    // Else it is the last of a level of odd length and stands alone: it goes up as it is.
    index = halve(index);
    last = halve(last);
  }
  return sides;
}

function climb(hasher: Hasher, start: Hash, siblings: readonly Sibling[]): Hash {
  return siblings.reduce(
    (below, { side, hash }) =>
      side === "left" ? hasher.node(hash, below) : hasher.node(below, hash),
    start,
  );
}

function isOdd(n: number): boolean {
  return n % 2 === 1;
}

/** Rounded down. No shift: it would cut to 32 bits. */
function halve(n: number): number {
  return Math.floor(n / 2);
}
