import assert from "node:assert/strict";
import { test } from "node:test";
import { Child } from "./support/child.ts";
import { newJournal, scratch } from "./support/scratch.ts";

test("a checkpoint that is due keeps no process alive", { timeout: 30_000 }, async () => {
  const directory = await newJournal(scratch("checkpoint"));
  const { status, lines, errors } = await new Child("forgetful-process.ts", [directory]).ended();
  assert.deepEqual([status, lines], [0, ["appended"]], errors);
});
