import { EMPTY_ROOT, type Hash, type Hasher } from "./hash.ts";

/**
 * The compact range of a growing RFC 6962 tree: the hashes of the perfect subtrees that its leaves
 * fill, largest first, one for each set bit of the size. It is all the state that appending and
 * computing roots needs: O(log n).
 */
export class Frontier {
  readonly #hasher: Hasher;
  readonly #nodes: Hash[];
  #size: number;

  /** Throws RangeError unless `nodes` has one hash for each set bit of `size`. */
  constructor(hasher: Hasher, size = 0, nodes: readonly Hash[] = []) {
    if (nodes.length !== frontierLength(size)) {
      throw new RangeError(`a tree of ${size} leaves has no frontier of ${nodes.length} hashes`);
    }
    this.#hasher = hasher;
    this.#size = size;
    this.#nodes = [...nodes];
  }

  /** How many leaves the tree has. */
  get size(): number {
    return this.#size;
  }

  /** The perfect subtrees' hashes, largest first. */
  get nodes(): readonly Hash[] {
    return [...this.#nodes];
  }

  /**
   * Adds a leaf hash. Amortised one node hash per leaf. `onNode` is told of the perfect subtrees
   * that the leaf completes, from level 1 up.
   */
  append(leaf: Hash, onNode?: (level: number, hash: Hash) => void): void {
    let hash = leaf;
    let level = 0;
    // Division, not shifts: those cut to 32 bits.
    for (let index = this.#size; index % 2 === 1; index = (index - 1) / 2) {
      hash = this.#hasher.node(this.#nodes.pop()!, hash);
      onNode?.(++level, hash);
    }
    this.#nodes.push(hash);
    this.#size++;
  }

  /** The root hash (RFC 6962 section 2.1). At most 52 node hashes. */
  root(): Hash {
    if (this.#nodes.length === 0) return EMPTY_ROOT;
    return this.#nodes.reduceRight((right, left) => this.#hasher.node(left, right));
  }
}

/**
 * How many hashes the frontier of a tree of this size has: the set bits of the size, up to 2^53 -
 * 1.
 */
export function frontierLength(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`tree size ${size}`);
  let length = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) length += rest % 2;
  return length;
}
