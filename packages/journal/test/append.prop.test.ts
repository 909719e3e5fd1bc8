import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SteleError } from "@stele/journal";
import { newMemoryJournal, openInMemory } from "./support/memory-journal.ts";

const anything = fc.anything({
  maxDepth: 4,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
  withObjectString: true,
  stringUnit: "binary",
});

const appends = fc.array(
  fc.record(
    {
      data: anything,
      id: fc.option(fc.string(), { nil: undefined }),
      content: fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array())),
      ack: fc.constantFrom("queued", "written", "synced"),
    },
    { requiredKeys: ["data", "ack"] },
  ),
);

test("whatever is appended is refused with a code or is there as JSON has it, and all is intact", async () => {
  const property = fc.asyncProperty(appends, async (events) => {
    const journal = await openInMemory(await newMemoryJournal({ segmentBytes: 1024 }), {
      deduplicationWindow: 0,
    });
    const outcomes = await Promise.allSettled(
      events.map(async ({ data, id, ...options }) =>
        journal.append({ type: "note", ...(id !== undefined && { id }), data }, options),
      ),
    );
    await journal.append({ type: "note" });
    const lines = await Array.fromAsync(journal.readLines());
    let recorded = 0;
    for (const [index, outcome] of outcomes.entries()) {
      const { data, content = {} } = events[index]!;
      if (outcome.status === "rejected") {
        assert.ok(outcome.reason instanceof SteleError, String(outcome.reason));
        continue;
      }
      const { seq, hash } = outcome.value;
      assert.equal(seq, recorded++);
      const { line, entry } = lines[seq]!;
      assert.equal(entry.hash, hash);
      const json = JSON.stringify({ data }).slice(1, -1);
      assert.ok(line.includes(json), line);
      for (const [name, bytes] of Object.entries(content)) {
        assert.deepEqual(Buffer.from((await journal.content(seq, name))!), Buffer.from(bytes));
      }
    }
    assert.equal(lines.length, recorded + 1);
    const verdict = await journal.verify({ threads: 1 });
    assert.equal(verdict.verdict, "intact", verdict.firstBad?.reason);
    await journal.close();
  });
  await fc.assert(property, { numRuns: 200 });
});
