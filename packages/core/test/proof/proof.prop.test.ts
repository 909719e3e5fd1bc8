import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkConsistency, checkInclusion } from "@stele/core/proof";
import { primitives } from "../vectors/primitives.ts";
import { mangledProofs } from "./mangled.ts";
import { NaiveTree } from "./naive-tree.ts";
import { provenConsistency, provenInclusion } from "./prove-and-check.ts";

const nearPowerOfTwo = fc
  .tuple(fc.nat({ max: 53 }), fc.integer({ min: -3, max: 3 }))
  .map(([exponent, distance]) => 2 ** exponent + distance);

/** Indexes up to that of the last leaf of the largest tree. */
const leafIndex = fc
  .oneof(nearPowerOfTwo, fc.nat({ max: 5000 }), fc.maxSafeNat())
  .filter((index) => index >= 0 && index < Number.MAX_SAFE_INTEGER);

const place = fc
  .tuple(leafIndex, leafIndex)
  .map(([one, other]) => ({ index: Math.min(one, other), size: Math.max(one, other) + 1 }));

function treeAround(index: number, size: number): NaiveTree {
  return new NaiveTree([0, index - 1, index, index + 1, size - 1]);
}

test("inclusion in a tree of any size: proved, checked, refused when mangled", () => {
  fc.assert(
    fc.property(place, ({ index, size }) => {
      const { claim, proof } = provenInclusion(treeAround(index, size), index, size);
      for (const mangled of mangledProofs(proof)) {
        assert.ok(!checkInclusion(primitives, claim, mangled));
      }
      for (const other of [index - 1, index + 1, size]) {
        assert.ok(!checkInclusion(primitives, { ...claim, index: other }, proof));
      }
    }),
    { numRuns: 50 },
  );
});

test("consistency of any two sizes: proved, checked, refused when mangled", () => {
  fc.assert(
    fc.property(place, ({ index, size }) => {
      const oldSize = index + 1;
      const { claim, proof } = provenConsistency(treeAround(index, size), oldSize, size);
      for (const mangled of mangledProofs(proof)) {
        assert.ok(!checkConsistency(primitives, claim, mangled));
      }
      for (const other of [0, size + 1]) {
        assert.ok(!checkConsistency(primitives, { ...claim, oldSize: other }, proof));
      }
    }),
    { numRuns: 50 },
  );
});
