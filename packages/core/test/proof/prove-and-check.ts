import assert from "node:assert/strict";
import {
  checkConsistency,
  checkInclusion,
  consistencyNodes,
  inclusionNodes,
  proveConsistency,
  proveInclusion,
  type ConsistencyClaim,
  type InclusionClaim,
} from "@stele/core/proof";
import type { Hash } from "@stele/core/hash";
import { primitives } from "../vectors/primitives.ts";
import type { NaiveTree } from "./naive-tree.ts";

/** A claim with its proof. */
export interface Proven<Claim> {
  readonly claim: Claim;
  readonly proof: readonly Hash[];
}

/** Proves inclusion; asserts that the proof is the naive one, within its bounds, and checks. */
export function provenInclusion(
  tree: NaiveTree,
  index: number,
  size: number,
): Proven<InclusionClaim> {
  const nodes = inclusionNodes({ index, size });
  assert.ok(nodes.length <= 2 * floorLog2(size));
  const proof = proveInclusion(primitives, { index, size }, tree.read(nodes));
  assert.deepEqual(proof, tree.path(index, size));
  assert.ok(proof.length <= ceilLog2(size));
  const claim = { index, size, leaf: tree.leaf(index), root: tree.root(size) };
  assert.ok(checkInclusion(primitives, claim, proof), `leaf ${index} of ${size}`);
  return { claim, proof };
}

/** Proves consistency; asserts that the proof is the naive one, within its bounds, and checks. */
export function provenConsistency(
  tree: NaiveTree,
  oldSize: number,
  size: number,
): Proven<ConsistencyClaim> {
  const nodes = consistencyNodes({ oldSize, size });
  assert.ok(nodes.length <= 1 + 2 * floorLog2(size));
  const proof = proveConsistency(primitives, { oldSize, size }, tree.read(nodes));
  assert.deepEqual(proof, tree.proof(oldSize, size));
  assert.ok(proof.length <= 1 + ceilLog2(size));
  const claim = { oldSize, size, oldRoot: tree.root(oldSize), root: tree.root(size) };
  assert.ok(checkConsistency(primitives, claim, proof), `${oldSize} leaves of ${size}`);
  return { claim, proof };
}

function floorLog2(size: number): number {
  return BigInt(size).toString(2).length - 1;
}

function ceilLog2(size: number): number {
  return size === 1 ? 0 : 1 + floorLog2(size - 1);
}
