import { readFileSync } from "node:fs";
import { formatAddCheckpoint } from "@stele/core/add-checkpoint";
import { utf8 } from "@stele/core/bytes";
import { formatCheckpoint } from "@stele/core/checkpoint";
import { Frontier } from "@stele/core/frontier";
import { leafHash, type Hash } from "@stele/core/hash";
import { formatVerifierKey, signingKey, type Primitives, type SigningKey } from "@stele/core/key";
import { formatSignatureLine } from "@stele/core/note";
import { consistencyNodes, proveConsistency } from "@stele/core/proof";
import { nodeEd25519, nodeHasher } from "@stele/store/node";

/** Node's hashes and signatures. */
export const primitives: Primitives = { ...nodeHasher, ...nodeEd25519 };

/** A log of up to so many entries, "entry 0" and so on, each checkpoint of which can be had. */
export class TestLog {
  readonly key: SigningKey;
  readonly #leaves: readonly Hash[];

  /** From `forkAt` on the entries are others. */
  constructor(options: { origin?: string; seed?: number; size?: number; forkAt?: number } = {}) {
    const { origin = "tests.example/log", seed = 1, size = 64, forkAt = size } = options;
    this.key = signingKey(primitives, origin, new Uint8Array(32).fill(seed));
    this.#leaves = Array.from({ length: size }, (_, index) =>
      leafHash(primitives, utf8(`entry ${index}${index < forkAt ? "" : " of another history"}`)),
    );
  }

  get vkey(): string {
    return formatVerifierKey(this.key);
  }

  /** The name under which a witness serves its checkpoint. */
  get hash(): string {
    return primitives.sha256(utf8(this.key.name));
  }

  text(size: number): string {
    const root = this.#frontier(0, size).root();
    return formatCheckpoint({ origin: this.key.name, size, root });
  }

  /** The signed note of the tree of this size. */
  checkpoint(size: number, key: SigningKey = this.key): string {
    return signed(this.text(size), key);
  }

  readonly prove = async (oldSize: number, size = this.#leaves.length): Promise<Hash[]> =>
    this.proof(oldSize, size);

  /** The consistency proof between two sizes; none from 0. */
  proof(oldSize: number, size: number): Hash[] {
    if (oldSize === 0) return [];
    const growth = { oldSize, size };
    const hashes = consistencyNodes(growth).map(({ level, index }) => {
      const leaves = 2 ** level;
      return this.#frontier(index * leaves, (index + 1) * leaves).root();
    });
    return proveConsistency(primitives, growth, hashes);
  }

  /** The body of a request. */
  request(oldSize: number, size: number, key?: SigningKey): string {
    const checkpoint = this.checkpoint(size, key);
    return formatAddCheckpoint({ oldSize, proof: this.proof(oldSize, size), checkpoint });
  }

  #frontier(lo: number, hi: number): Frontier {
    const frontier = new Frontier(primitives);
    for (const leaf of this.#leaves.slice(lo, hi)) frontier.append(leaf);
    return frontier;
  }
}

/** The text as a note with the key's signature. */
export function signed(text: string, key: SigningKey): string {
  return `${text}\n${formatSignatureLine(key, primitives.sign(key.seed, utf8(text)))}`;
}

/** A file of the vectors. */
export function readVectors(name: string): unknown {
  const url = new URL(`../../../../spec/vectors/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}
