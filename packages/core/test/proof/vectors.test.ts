import assert from "node:assert/strict";
import { test } from "node:test";
import { Frontier } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import {
  checkConsistency,
  checkInclusion,
  consistencyNodes,
  inclusionNodes,
  proveConsistency,
  proveInclusion,
  rootNodes,
  type TreeNode,
} from "@stele/core/proof";
import { primitives } from "../vectors/primitives.ts";
import { readVectors } from "../vectors/read.ts";
import { distinctTree } from "./naive-tree.ts";

interface Inclusion {
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly file: string;
  readonly wantErr: boolean;
  readonly leafIdx: number;
}

interface Consistency {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly file: string;
  readonly wantErr: boolean;
}

const upstream = readVectors("c2sp/merkle-proofs.json") as {
  inclusion: readonly (Inclusion & { treeSize: number })[];
  consistency: readonly Consistency[];
  subtreeinclusion: readonly (Inclusion & { start: number; end: number })[];
};

/** Upstream compares roots of any length, which we do not take for hashes. */
const ROOTS_OF_12_BYTES = "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json";

function hexOf(base64: string): Hash {
  return Buffer.from(base64, "base64").toString("hex") as Hash;
}

function holds(vector: Inclusion, index: number, size: number): boolean {
  const claim = { index, size, leaf: hexOf(vector.leafHash), root: hexOf(vector.root) };
  return checkInclusion(primitives, claim, (vector.proof ?? []).map(hexOf));
}

test("merkle-proofs.json: inclusion", () => {
  for (const vector of upstream.inclusion) {
    assert.equal(holds(vector, vector.leafIdx, vector.treeSize), !vector.wantErr, vector.file);
  }
});

test("merkle-proofs.json: inclusion in a subtree is inclusion in a tree of its leaves", () => {
  for (const vector of upstream.subtreeinclusion) {
    const { leafIdx, start, end, wantErr, file } = vector;
    assert.equal(holds(vector, leafIdx - start, end - start), !wantErr, file);
  }
});

test("merkle-proofs.json: consistency", () => {
  for (const { size1, size2, root1, root2, proof, file, wantErr } of upstream.consistency) {
    const claim = { oldSize: size1, size: size2, oldRoot: hexOf(root1), root: hexOf(root2) };
    const result = checkConsistency(primitives, claim, (proof ?? []).map(hexOf));
    assert.equal(result, !wantErr && file !== ROOTS_OF_12_BYTES, file);
  }
});

test("rfc6962-tree.json: roots and proofs of the eight leaves from the stored hashes", () => {
  const { perfectNodeHashesByLevel: stored, rootBySize: roots } = readVectors(
    "rfc6962-tree.json",
  ) as { perfectNodeHashesByLevel: Hash[][]; rootBySize: Hash[] };
  const read = (nodes: TreeNode[]): Hash[] =>
    nodes.map(({ level, index }) => stored[level]![index]!);

  for (const [size, root] of roots.entries()) {
    assert.equal(new Frontier(primitives, size, read(rootNodes(size))).root(), root);
    for (let index = 0; index < size; index++) {
      const place = { index, size };
      const proof = proveInclusion(primitives, place, read(inclusionNodes(place)));
      assert.ok(checkInclusion(primitives, { ...place, leaf: stored[0]![index]!, root }, proof));
    }
    for (let oldSize = 1; oldSize <= size; oldSize++) {
      const growth = { oldSize, size };
      const proof = proveConsistency(primitives, growth, read(consistencyNodes(growth)));
      const claim = { ...growth, oldRoot: roots[oldSize]!, root };
      assert.ok(checkConsistency(primitives, claim, proof));
    }
  }
});

test("leaf-tree-roots.json: the naive tree of these tests has the roots", () => {
  const { rootBySizeB64 } = readVectors("leaf-tree-roots.json") as {
    rootBySizeB64: Record<string, string>;
  };
  const tree = distinctTree(300);
  for (const [size, root] of Object.entries(rootBySizeB64)) {
    if (size !== "0") assert.equal(tree.root(Number(size)), hexOf(root));
  }
});

test("leaf-tree-proofs.json: the proofs are ours, and check", () => {
  const vectors = readVectors("c2sp/leaf-tree-proofs.json") as {
    inclusion: readonly { size: number; index: number; root: string; proof: string[] }[];
    consistency: readonly Omit<Consistency, "file" | "wantErr">[];
  };
  const tree = distinctTree(300);
  for (const { size, index, root, proof } of vectors.inclusion) {
    const hashes = tree.read(inclusionNodes({ index, size }));
    assert.deepEqual(proveInclusion(primitives, { index, size }, hashes), proof.map(hexOf));
    const claim = { index, size, leaf: tree.leaf(index), root: hexOf(root) };
    assert.ok(checkInclusion(primitives, claim, proof.map(hexOf)));
  }
  for (const { size1, size2, root1, root2, proof } of vectors.consistency) {
    const growth = { oldSize: size1, size: size2 };
    const hashes = tree.read(consistencyNodes(growth));
    assert.deepEqual(proveConsistency(primitives, growth, hashes), (proof ?? []).map(hexOf));
    const claim = { ...growth, oldRoot: hexOf(root1), root: hexOf(root2) };
    assert.ok(checkConsistency(primitives, claim, (proof ?? []).map(hexOf)));
  }
});
