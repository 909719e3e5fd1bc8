import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";

// STELE_SESSION_SHARES=1 npm test -- journal/test/simulation/sessions tries every call.
const SHARES = Number(process.env["STELE_SESSION_SHARES"] ?? 6);

const program = fileURLToPath(new URL("session-points.ts", import.meta.url));

test("after any crash a budget adds up, nothing is spent twice, and agents' keys are those recorded", async () => {
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
