import assert from "node:assert/strict";
import { test } from "node:test";
import { Frontier } from "@stele/core/frontier";
import { ZERO_HASH, type Hash } from "@stele/core/hash";
import {
  checkConsistency,
  consistencyNodes,
  inclusionNodes,
  proveConsistency,
  proveInclusion,
  rootNodes,
} from "@stele/core/proof";
import { primitives } from "../vectors/primitives.ts";
import { distinctTree, NaiveTree } from "./naive-tree.ts";
import { provenConsistency, provenInclusion } from "./prove-and-check.ts";

const SIZES_MAX = 130;
const small = distinctTree(SIZES_MAX);

function* upTo(last: number): Generator<number> {
  for (let n = 1; n <= last; n++) yield n;
}

test("every leaf of every small tree", () => {
  for (const size of upTo(SIZES_MAX)) {
    for (const index of upTo(size)) provenInclusion(small, index - 1, size);
  }
});

test("every two small sizes", () => {
  for (const size of upTo(SIZES_MAX)) {
    for (const oldSize of upTo(size)) provenConsistency(small, oldSize, size);
  }
});

test("every small root", () => {
  for (const size of upTo(SIZES_MAX)) {
    const frontier = new Frontier(primitives, size, small.read(rootNodes(size)));
    assert.equal(frontier.root(), small.root(size));
  }
});

const HUGE = [2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53].flatMap((power) =>
  [power - 2, power - 1, power, power + 1].filter((size) => Number.isSafeInteger(size)),
);

for (const size of HUGE) {
  const places = [0, 1, 2 ** 30, 2 ** 31 - 3, Math.floor(size / 2), size - 2, size - 1];

  test(`a tree of ${size} leaves`, () => {
    const tree = new NaiveTree([...places, size - 3]);
    const frontier = new Frontier(primitives, size, tree.read(rootNodes(size)));
    assert.equal(frontier.root(), tree.root(size));
    for (const index of places) provenInclusion(tree, index, size);
    for (const index of places) provenConsistency(tree, index + 1, size);
  });
}

test("a tree beyond 2^53 - 1, or no tree at all, has no nodes", () => {
  for (const size of [2 ** 53, -1, 1.5, Number.NaN, Infinity]) {
    assert.throws(() => rootNodes(size), RangeError);
    assert.throws(() => inclusionNodes({ index: 0, size }), RangeError);
    assert.throws(() => consistencyNodes({ oldSize: 1, size }), RangeError);
  }
  assert.deepEqual(rootNodes(0), []);
});

test("what cannot be proved is refused: no such leaf, no old leaves, a tree that shrank", () => {
  for (const index of [5, -1, 0.5, Number.NaN]) {
    assert.throws(() => inclusionNodes({ index, size: 5 }), RangeError);
    assert.throws(() => proveInclusion(primitives, { index, size: 5 }, []), RangeError);
  }
  for (const oldSize of [0, 6, -1, 1.5]) {
    assert.throws(() => consistencyNodes({ oldSize, size: 5 }), RangeError);
    assert.throws(() => proveConsistency(primitives, { oldSize, size: 5 }, []), RangeError);
  }
});

test("proofs are made from exactly the hashes that were named", () => {
  const place = { index: 2, size: 7 };
  for (const hashes of tooFewAndTooMany(small.read(inclusionNodes(place)))) {
    assert.throws(() => proveInclusion(primitives, place, hashes), RangeError);
  }
  const growth = { oldSize: 3, size: 7 };
  for (const hashes of tooFewAndTooMany(small.read(consistencyNodes(growth)))) {
    assert.throws(() => proveConsistency(primitives, growth, hashes), RangeError);
  }
});

function tooFewAndTooMany(hashes: readonly Hash[]): Hash[][] {
  return [[], hashes.slice(1), [...hashes, ZERO_HASH]];
}

test("equal sizes need no hashes, and prove only equal roots", () => {
  assert.deepEqual(consistencyNodes({ oldSize: 6, size: 6 }), []);
  const claim = { oldSize: 6, size: 6, oldRoot: small.root(6), root: small.root(7) };
  assert.ok(!checkConsistency(primitives, claim, []));
});
