import assert from "node:assert/strict";
import { test } from "node:test";
import { rootBase64 } from "@stele/core/checkpoint";
import type { ErrorCode } from "@stele/core/error";
import { checkLines } from "./check-segment.ts";
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

const { vkey, accepted, refused } = readVectors("segments.json") as {
  readonly vkey: string;
  readonly accepted: readonly SegmentCase[];
  readonly refused: readonly SegmentCase[];
};

for (const { name, lines, error, ...expected } of [...accepted, ...refused]) {
  test(`segments.json: ${name}`, () => {
    if (error !== undefined) return refuses(error, () => checkLines(vkey, lines), name);
    const { finding, end } = checkLines(vkey, lines);
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
