import assert from "node:assert/strict";
import { test } from "node:test";
import { Child } from "./support/child.ts";

// STELE_MEMORY_APPENDS=1000000 npm test -- journal/test/memory-journal.proc goes on for longer.
const APPENDS = Number(process.env["STELE_MEMORY_APPENDS"] ?? 50_000);
const MIB = 1024 * 1024;

test(`${APPENDS} appends to a journal in memory of 1000 entries leave its memory flat`, async () => {
  const child = new Child("memory-appender-process.ts", [String(APPENDS)], {
    wrapper: ["env", "NODE_OPTIONS=--expose-gc"],
  });
  const { lines, errors, status } = await child.ended();
  assert.deepEqual([errors, status], ["", 0]);
  assert.equal(lines.at(-1), `intact ${APPENDS}`);
  const used = lines.slice(0, -1).map((line) => line.split(" ").map(Number));
  assert.equal(used.length, 10);
  // Entries that stayed would show in the heap; the process grows by its allocator's steps.
  for (const [heap = 0, rss = 0] of used) {
    assert.ok(heap < 48 * MIB, `${heap} bytes of heap and buffers`);
    assert.ok(rss < 512 * MIB, `${rss} bytes of the process`);
  }
});
