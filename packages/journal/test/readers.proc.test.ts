import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Child } from "./support/child.ts";
import { newJournal, open, scratch } from "./support/scratch.ts";

const PROCESSES = 3;
const READERS_EACH = 10;
const ENTRIES = 2500;

const root = scratch("readers");

test("thirty readers in other processes beside a writer see a chain without gaps, sealed, to its end", async () => {
  const directory = await newJournal(root, { segmentBytes: 16 * 1024 });
  await using journal = await open(directory);
  const children = Array.from(
    { length: PROCESSES },
    () => new Child("readers-process.ts", [directory, String(READERS_EACH)]),
  );
  await Promise.all(children.map(async (child) => child.wrote("ready")));
  for (let seq = 0; seq < ENTRIES;) {
    const together = 1 + (seq % 9);
    const data = "x".repeat(seq % 300);
    await Promise.all(
      Array.from({ length: together }, async () => journal.append({ type: "test.event", data })),
    );
    seq += together;
  }
  const { seq, hash } = await journal.append({ type: "test.end" });
  assert.ok(readdirSync(join(directory, "ledger")).length > 20, "rotations");
  for (const child of children) {
    const { lines, errors } = await child.ended();
    assert.equal(errors, "");
    const results = lines.filter((line) => line !== "ready");
    assert.equal(results.length, READERS_EACH);
    for (const line of results) assert.ok(line.endsWith(` ${seq} ${hash}`), line);
  }
});
