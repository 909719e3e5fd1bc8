import assert from "node:assert/strict";
import { test } from "node:test";
import type { SteleError } from "@stele/journal";
import { Child } from "./support/child.ts";
import { newJournal, open, scratch } from "./support/scratch.ts";

const root = scratch("locked");

test("a second writer in another process is refused at once, and told who holds the journal", async () => {
  const directory = await newJournal(root);
  const child = new Child("writer-process.ts", [directory, "1"]);
  await child.wrote("open");
  const startMs = performance.now();
  await assert.rejects(open(directory), (error: SteleError) => {
    assert.equal(error.code, "JOURNAL_LOCKED");
    assert.match(error.message, new RegExp(`process ${child.process.pid} `));
    assert.equal(error.fix, "stop the other writer, or send it your events");
    return true;
  });
  assert.ok(performance.now() - startMs < 5000);
  const { lines, errors } = await child.kill();
  assert.equal(errors, "");
  await using journal = await open(directory);
  assert.ok(journal.sealedSize >= lines.length - 1);
  assert.equal((await journal.verify()).verdict, "intact");
});

test("a second writer in this process is refused, and disturbs nothing", async () => {
  const directory = await newJournal(root);
  const journal = await open(directory);
  for (let attempt = 0; attempt < 3; attempt++) {
    await journal.append({ type: "note" });
    await assert.rejects(open(directory), (error: SteleError) => {
      assert.equal(error.code, "JOURNAL_LOCKED");
      assert.match(error.message, /this process/);
      return true;
    });
  }
  const child = new Child("writer-process.ts", [directory, "2"]);
  const { lines, errors } = await child.ended();
  assert.deepEqual(lines, []);
  assert.match(errors, /JOURNAL_LOCKED/);
  assert.equal((await journal.append({ type: "note" })).seq, 3);
  await journal.close();
  await using again = await open(directory);
  assert.equal(again.sealedSize, 4);
});

test("of several that open at once exactly one gets the journal", async () => {
  const directory = await newJournal(root);
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(async () => open(directory)));
  const opened = outcomes.filter((outcome) => outcome.status === "fulfilled");
  assert.equal(opened.length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") await outcome.value.close();
    else assert.equal((outcome.reason as SteleError).code, "JOURNAL_LOCKED");
  }
});
