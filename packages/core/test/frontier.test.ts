import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Frontier, frontierLength } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import { primitives } from "./vectors/primitives.ts";

/** More than enough for every shape of a tree's right edge. */
const SIZE = 130;
const leaves = Array.from({ length: SIZE }, (_, index) => primitives.sha256(Buffer.of(0, index)));

/** MTH as RFC 6962 section 2.1 defines it. */
function root(hashes: readonly Hash[]): Hash {
  if (hashes.length === 0) return primitives.sha256(Buffer.of());
  if (hashes.length === 1) return hashes[0]!;
  let split = 1;
  while (2 * split < hashes.length) split *= 2;
  return primitives.node(root(hashes.slice(0, split)), root(hashes.slice(split)));
}

suite("a frontier", () => {
  test("has the root of the tree, at every size", () => {
    const frontier = new Frontier(primitives);
    for (let size = 0; size < SIZE; size++) {
      assert.equal(frontier.size, size);
      assert.equal(frontier.root(), root(leaves.slice(0, size)));
      frontier.append(leaves[size]!);
    }
  });

  test("goes on from its nodes at any size", () => {
    const whole = root(leaves);
    const growing = new Frontier(primitives);
    for (let size = 0; size < SIZE; size++) {
      const resumed = new Frontier(primitives, size, growing.nodes);
      for (const leaf of leaves.slice(size)) resumed.append(leaf);
      assert.equal(resumed.root(), whole);
      growing.append(leaves[size]!);
    }
  });

  test("has one node for each set bit of its size, and takes no other number of them", () => {
    const [leaf] = leaves;
    for (let size = 0; size < SIZE; size++) {
      const length = size.toString(2).replaceAll("0", "").length;
      assert.equal(frontierLength(size), length);
      const nodes = Array.from({ length }, () => leaf!);
      assert.deepEqual(new Frontier(primitives, size, nodes).nodes, nodes);
      assert.throws(() => new Frontier(primitives, size, [...nodes, leaf!]), RangeError);
    }
  });

  test("counts beyond 32 bits, up to 2^53 - 1", () => {
    assert.equal(frontierLength(2 ** 31), 1);
    assert.equal(frontierLength(2 ** 32 + 1), 2);
    assert.equal(frontierLength(2 ** 52), 1);
    assert.equal(frontierLength(Number.MAX_SAFE_INTEGER), 53);
    for (const size of [-1, 0.5, Number.NaN, 2 ** 53]) {
      assert.throws(() => frontierLength(size), RangeError);
    }
    const size = 2 ** 40 + 3;
    const frontier = new Frontier(primitives, size, leaves.slice(0, 3));
    frontier.append(leaves[3]!);
    assert.equal(frontier.size, size + 1);
    assert.equal(frontier.nodes.length, frontierLength(size + 1));
  });

  test("hands out a copy of its nodes", () => {
    const frontier = new Frontier(primitives, 1, [leaves[0]!]);
    (frontier.nodes as Hash[]).pop();
    assert.equal(frontier.nodes.length, 1);
  });
});
