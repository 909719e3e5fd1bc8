import assert from "node:assert/strict";
import { test } from "node:test";
import { rootBase64 } from "@stele/core/checkpoint";
import { Frontier } from "@stele/core/frontier";
import { LEAF_PREFIX, type Hash } from "@stele/core/hash";
import { primitives } from "./primitives.ts";
import { readVectors } from "./read.ts";

function leafHash(leaf: Buffer): Hash {
  return primitives.sha256(Buffer.concat([Buffer.of(LEAF_PREFIX), leaf]));
}

/** The roots at every size from 0 to that of the leaves. */
function rootsOf(leaves: readonly Buffer[]): Hash[] {
  const frontier = new Frontier(primitives);
  const roots = [frontier.root()];
  for (const leaf of leaves) {
    frontier.append(leafHash(leaf));
    roots.push(frontier.root());
  }
  return roots;
}

test("rfc6962-tree.json: leaf hashes and the root at every size", () => {
  const vectors = readVectors("rfc6962-tree.json") as {
    leafInputsHex: string[];
    perfectNodeHashesByLevel: string[][];
    rootBySize: string[];
  };
  const leaves = vectors.leafInputsHex.map((hex) => Buffer.from(hex, "hex"));
  assert.deepEqual(leaves.map(leafHash), vectors.perfectNodeHashesByLevel[0]);
  assert.deepEqual(rootsOf(leaves), vectors.rootBySize);
});

test("rfc6962-tree.json: the frontier of seven leaves is the three perfect subtrees", () => {
  const { perfectNodeHashesByLevel: levels } = readVectors("rfc6962-tree.json") as {
    perfectNodeHashesByLevel: Hash[][];
  };
  const frontier = new Frontier(primitives);
  for (const hash of levels[0]!.slice(0, 7)) frontier.append(hash);
  assert.deepEqual(frontier.nodes, [levels[2]![0], levels[1]![2], levels[0]![6]]);
});

test("leaf-tree-roots.json: the root at every size", () => {
  const { rootBySizeB64 } = readVectors("leaf-tree-roots.json") as {
    rootBySizeB64: Record<string, string>;
  };
  const sizes = Object.keys(rootBySizeB64).map(Number);
  const leaves = Array.from({ length: Math.max(...sizes) }, (_, index) =>
    Buffer.from(`leaf ${index}`),
  );
  const roots = rootsOf(leaves);
  for (const size of sizes) assert.equal(rootBase64(roots[size]!), rootBySizeB64[size]);
});
