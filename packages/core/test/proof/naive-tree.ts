import type { Hash } from "@stele/core/hash";
import type { TreeNode } from "@stele/core/proof";
import { primitives } from "../vectors/primitives.ts";

const UNIFORM = leafHash("");

/** A leaf hash that no other text has. */
function leafHash(text: string): Hash {
  return primitives.sha256(Buffer.from(`\0${text}`));
}

/**
 * A tree of any size by the recursive definitions of RFC 6962 section 2.1, in BigInt. All leaves
 * are equal but those at the given indexes, so that it can be far too large to be there: subtrees
 * without such leaves are computed once for each size.
 */
export class NaiveTree {
  readonly #special: readonly bigint[];
  readonly #known = new Map<string, Hash>();

  constructor(special: Iterable<number>) {
    this.#special = Array.from(special, BigInt);
  }

  leaf(index: number): Hash {
    return this.#special.includes(BigInt(index)) ? leafHash(`leaf ${index}`) : UNIFORM;
  }

  /** MTH(D[0:size]), of one leaf at least. */
  root(size: number): Hash {
    return this.#subtree(0n, BigInt(size));
  }

  /** What a reader of stored hashes gives. */
  read(nodes: readonly TreeNode[]): Hash[] {
    return nodes.map(({ level, index }) => {
      const width = 1n << BigInt(level);
      return this.#subtree(BigInt(index) * width, (BigInt(index) + 1n) * width);
    });
  }

  /** PATH(index, D[0:size]). */
  path(index: number, size: number): Hash[] {
    return this.#path(BigInt(index), 0n, BigInt(size));
  }

  #path(leaf: bigint, lo: bigint, hi: bigint): Hash[] {
    if (hi - lo === 1n) return [];
    const middle = lo + splitOf(hi - lo);
    return leaf < middle
      ? [...this.#path(leaf, lo, middle), this.#subtree(middle, hi)]
      : [...this.#path(leaf, middle, hi), this.#subtree(lo, middle)];
  }

  /** PROOF(oldSize, D[0:size]). */
  proof(oldSize: number, size: number): Hash[] {
    return this.#proof(BigInt(oldSize), 0n, BigInt(size));
  }

  /** SUBPROOF; its flag says that lo is 0. */
  #proof(oldSize: bigint, lo: bigint, hi: bigint): Hash[] {
    if (oldSize === hi) return lo === 0n ? [] : [this.#subtree(lo, hi)];
    const middle = lo + splitOf(hi - lo);
    return oldSize <= middle
      ? [...this.#proof(oldSize, lo, middle), this.#subtree(middle, hi)]
      : [...this.#proof(oldSize, middle, hi), this.#subtree(lo, middle)];
  }

  #subtree(lo: bigint, hi: bigint): Hash {
    const special = this.#special.some((index) => lo <= index && index < hi);
    const name = special ? `${lo} ${hi}` : `${hi - lo}`;
    const hash = this.#known.get(name) ?? this.#compute(lo, hi);
    this.#known.set(name, hash);
    return hash;
  }

  #compute(lo: bigint, hi: bigint): Hash {
    if (hi - lo === 1n) return this.leaf(Number(lo));
    const middle = lo + splitOf(hi - lo);
    return primitives.node(this.#subtree(lo, middle), this.#subtree(middle, hi));
  }
}

/** A tree whose leaves all differ, for every size up to this one. */
export function distinctTree(size: number): NaiveTree {
  return new NaiveTree(Array.from({ length: size }, (_, index) => index));
}

/** The largest power of two that is less than the size. */
function splitOf(size: bigint): bigint {
  return 1n << BigInt((size - 1n).toString(2).length - 1);
}
