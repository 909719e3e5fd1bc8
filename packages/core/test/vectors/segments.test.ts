import assert from "node:assert/strict";
import { test } from "node:test";
import { rootBase64 } from "@stele/core/checkpoint";
import type { ErrorCode } from "@stele/core/error";
import { formatVerifierKey } from "@stele/core/key";
import { checkLines, type GivenKeys } from "./check-segment.ts";
import { readVectors, refuses } from "./read.ts";

interface SegmentCase {
  readonly name: string;
  readonly lines: readonly string[];
  readonly error?: ErrorCode;
  readonly verdict: string;
  readonly firstBad: number | null;
  readonly size: number;
  readonly root: string;
  readonly unsealed: number;
}

interface KeyCase extends SegmentCase, Partial<GivenKeys> {
  readonly nextKey?: string | null;
}

const vectors = readVectors("segments.json") as {
  readonly vkey: string;
  readonly accepted: readonly SegmentCase[];
  readonly refused: readonly SegmentCase[];
  readonly keys: readonly KeyCase[];
};
const { accepted, refused, keys } = vectors;

for (const { name, lines, error, ...expected } of [...accepted, ...refused]) {
  test(`segments.json: ${name}`, () => {
    if (error !== undefined) return refuses(error, () => checkLines(vectors, lines), name);
    const { finding, end } = checkLines(vectors, lines);
    const found = {
      verdict: finding?.verdict ?? "intact",
      firstBad: finding?.seq ?? null,
      size: end.sealedSize,
      root: rootBase64(end.sealedRoot),
      unsealed: end.unsealedEntries,
    };
    return assert.deepEqual(found, expected, finding?.reason);
  });
}

for (const { name, lines, nextKey, ...rest } of keys) {
  const { vkey = vectors.vkey, secretKey, recoveryKey, ...expected } = rest;
  test(`segments.json, keys: ${name}`, () => {
    const { finding, end } = checkLines({ vkey, secretKey, recoveryKey }, lines);
    const found = {
      verdict: finding?.verdict ?? "intact",
      firstBad: finding?.seq ?? null,
      size: end.sealedSize,
      root: rootBase64(end.sealedRoot),
      unsealed: end.unsealedEntries,
    };
    assert.deepEqual(found, expected, finding?.reason);
    if (nextKey === undefined) return;
    assert.equal(end.nextKey ? formatVerifierKey(end.nextKey) : null, nextKey);
  });
}
