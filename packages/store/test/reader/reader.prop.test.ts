import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { append, newDisk, open, reader } from "../support/journal.ts";

/** Sizes of the events of one commit. */
const commits = fc.array(fc.array(fc.nat({ max: 700 }), { minLength: 1, maxLength: 5 }), {
  maxLength: 12,
});
const place = fc.option(fc.integer({ min: -2, max: 40 }), { nil: undefined });
const ranges = fc.array(fc.record({ from: place, to: place, reverse: fc.boolean() }), {
  minLength: 1,
  maxLength: 10,
});

test("any range of any journal is what an array of its entries would give", async () => {
  await fc.assert(
    fc.asyncProperty(commits, ranges, async (sizes, wanted) => {
      const disk = await newDisk();
      const { writer } = await open(disk);
      const hashes: string[] = [];
      for (const commit of sizes) {
        const receipts = await Promise.all(
          commit.map(async (size) => append(writer, "x".repeat(size))),
        );
        hashes.push(...receipts.map(({ hash }) => hash));
      }
      const ledger = await reader(disk);
      assert.equal((await ledger.durable()).size, hashes.length);
      for (const { from, to, reverse } of wanted) {
        const lo = Math.max(0, from ?? 0);
        const expected = hashes.slice(lo, Math.max(lo, (to ?? hashes.length) + 1));
        const read = await Array.fromAsync(ledger.read({ from, to, reverse }));
        const found = read.map(({ entry }) => entry.hash);
        assert.deepEqual(reverse ? found.toReversed() : found, expected);
      }
    }),
    { numRuns: 60 },
  );
});

test("without its head a journal reads the same", async () => {
  await fc.assert(
    fc.asyncProperty(commits, async (sizes) => {
      const disk = await newDisk();
      const { writer } = await open(disk);
      for (const commit of sizes) {
        await Promise.all(commit.map(async (size) => append(writer, "x".repeat(size))));
      }
      const ledger = await reader(disk);
      const expected = await Array.fromAsync(ledger.read());
      await disk.remove("/journal/head");
      assert.deepEqual(await Array.fromAsync(ledger.read()), expected);
    }),
    { numRuns: 30 },
  );
});
