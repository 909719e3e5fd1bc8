import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";

// STELE_CRASH_POINTS=1000000 npm test -- packages/journal/test/simulation runs longer;
// STELE_CRASH_SEED=N starts at another seed, such as one that failed.
const CRASH_POINTS = Number(process.env["STELE_CRASH_POINTS"] ?? 3_000);
const FIRST_SEED = Number(process.env["STELE_CRASH_SEED"] ?? 1);
const PROCESSES = 2;

const program = fileURLToPath(new URL("crash-points.ts", import.meta.url));

test(`${CRASH_POINTS} crash points: acknowledged entries stay, nothing else is blessed, it goes on`, async () => {
  assert.ok(CRASH_POINTS > 0);
  // The test runner's hooks would double the time that promises take, so the points run outside of
  // it.
  await Promise.all(Array.from({ length: PROCESSES }, (_, index) => crashAtMany(index)));
});

async function crashAtMany(index: number): Promise<void> {
  const points = Math.ceil(CRASH_POINTS / PROCESSES);
  const numbers = [FIRST_SEED + index, PROCESSES, points].map(String);
  await promisify(execFile)(process.execPath, [
    "--conditions=@stele/source",
    "--disable-warning=ExperimentalWarning",
    program,
    ...numbers,
  ]);
}
