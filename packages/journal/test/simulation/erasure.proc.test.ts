import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";

// STELE_ERASURE_SHARES=1 npm test -- journal/test/simulation/erasure tries every call.
const SHARES = Number(process.env["STELE_ERASURE_SHARES"] ?? 5);

const program = fileURLToPath(new URL("erasure-points.ts", import.meta.url));

test("what is recorded as erased is gone after any crash, and nothing else is", async () => {
  // Outside of the test runner, whose hooks would double the time that promises take.
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@stele/source",
    "--disable-warning=ExperimentalWarning",
    program,
    "0",
    String(SHARES),
  ]);
  assert.ok(Number(stdout) > 100, `${stdout.trim()} crash points`);
});
