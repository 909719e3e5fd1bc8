import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkConsistency,
  checkInclusion,
  type ConsistencyClaim,
  type InclusionClaim,
} from "@stele/core/proof";
import { primitives } from "../vectors/primitives.ts";
import { changed, mangledProofs, notHashes, NOT_NATURAL } from "./mangled.ts";
import { distinctTree } from "./naive-tree.ts";
import { provenConsistency, provenInclusion } from "./prove-and-check.ts";

const SIZES_MAX = 20;
const tree = distinctTree(SIZES_MAX);

const inclusions = sizes().flatMap((size) =>
  Array.from({ length: size }, (_, index) => provenInclusion(tree, index, size)),
);
const consistencies = sizes().flatMap((size) =>
  Array.from({ length: size }, (_, index) => provenConsistency(tree, index + 1, size)),
);

function sizes(): number[] {
  return Array.from({ length: SIZES_MAX }, (_, index) => index + 1);
}

function refusesInclusion(claim: InclusionClaim, proof: readonly string[]): void {
  assert.equal(checkInclusion(primitives, claim, proof), false, JSON.stringify({ claim, proof }));
}

function refusesConsistency(claim: ConsistencyClaim, proof: readonly string[]): void {
  assert.equal(checkConsistency(primitives, claim, proof), false, JSON.stringify({ claim, proof }));
}

test("a mangled inclusion proof is refused", () => {
  for (const { claim, proof } of inclusions) {
    for (const mangled of mangledProofs(proof)) refusesInclusion(claim, mangled);
  }
});

test("a mangled consistency proof is refused", () => {
  for (const { claim, proof } of consistencies) {
    for (const mangled of mangledProofs(proof)) refusesConsistency(claim, mangled);
  }
});

test("inclusion: another leaf, root or index is refused", () => {
  for (const { claim, proof } of inclusions) {
    const { leaf, root, index, size } = claim;
    for (const other of [...changed(leaf), ...notHashes(leaf)]) {
      refusesInclusion({ ...claim, leaf: other }, proof);
    }
    for (const other of [...changed(root), ...notHashes(root)]) {
      refusesInclusion({ ...claim, root: other }, proof);
    }
    for (const other of [...NOT_NATURAL, ...sizes(), 0]) {
      if (other !== index) refusesInclusion({ ...claim, index: other }, proof);
    }
    for (const other of [...NOT_NATURAL, index, 0]) {
      if (other !== size) refusesInclusion({ ...claim, size: other }, proof);
    }
  }
});

test("consistency: other roots or another old size are refused", () => {
  for (const { claim, proof } of consistencies) {
    const { oldRoot, root, size } = claim;
    for (const other of [...changed(oldRoot), ...notHashes(oldRoot)]) {
      refusesConsistency({ ...claim, oldRoot: other }, proof);
    }
    for (const other of [...changed(root), ...notHashes(root)]) {
      refusesConsistency({ ...claim, root: other }, proof);
    }
    if (root !== oldRoot) refusesConsistency({ ...claim, oldRoot: root, root: oldRoot }, proof);
    for (const other of [...NOT_NATURAL, 0, size + 1]) {
      refusesConsistency({ ...claim, oldSize: other }, proof);
    }
    for (const other of [...NOT_NATURAL, 0]) refusesConsistency({ ...claim, size: other }, proof);
  }
});

test("nothing extends a tree without leaves by a proof", () => {
  const root = tree.root(1);
  refusesConsistency({ oldSize: 0, size: 1, oldRoot: root, root }, []);
  refusesConsistency({ oldSize: 0, size: 0, oldRoot: root, root }, []);
});

// The claims below are false, and the proofs hold: RFC 6962 binds a size to its root only by the
// checkpoint that states both. Elsewhere the way from the leaf to the root would be another.

test("inclusion: another size is refused where it changes the way to the root", () => {
  for (const { claim, proof } of inclusions) {
    for (const size of sizes().filter((other) => other > claim.index)) {
      const same = inclusionWay(claim.index, size) === inclusionWay(claim.index, claim.size);
      assert.equal(checkInclusion(primitives, { ...claim, size }, proof), same);
    }
  }
  assert.equal(inclusionWay(0, 3), inclusionWay(0, 4));
});

test("consistency: another size is refused where it changes the way to the root", () => {
  for (const { claim, proof } of consistencies) {
    const way = consistencyWay(claim.oldSize, claim.size);
    for (const size of sizes().filter((other) => other >= claim.oldSize)) {
      const same = consistencyWay(claim.oldSize, size) === way;
      assert.equal(checkConsistency(primitives, { ...claim, size }, proof), same);
    }
    for (let oldSize = 1; oldSize <= claim.size; oldSize++) {
      const same = consistencyWay(oldSize, claim.size) === way;
      assert.equal(checkConsistency(primitives, { ...claim, oldSize }, proof), same);
    }
  }
  assert.equal(consistencyWay(2, 3), consistencyWay(2, 4));
});

/** The turns from the root to a leaf (RFC 6962 section 2.1.1). */
function inclusionWay(index: number, size: number): string {
  if (size === 1) return "";
  const left = splitOf(size);
  return index < left
    ? `L${inclusionWay(index, left)}`
    : `R${inclusionWay(index - left, size - left)}`;
}

/** The turns from the root to where the proof starts (section 2.1.2), and what it starts with. */
function consistencyWay(oldSize: number, size: number, all = true): string {
  if (oldSize === size) return all ? "old root" : "first hash";
  const left = splitOf(size);
  return oldSize <= left
    ? `L${consistencyWay(oldSize, left, all)}`
    : `R${consistencyWay(oldSize - left, size - left, false)}`;
}

function splitOf(size: number): number {
  let left = 1;
  while (2 * left < size) left *= 2;
  return left;
}
