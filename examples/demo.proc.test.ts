import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

test("the demo does what it says", () => {
  const scratch = mkdtempSync(join(tmpdir(), "stele-demo-test-"));
  try {
    const demo = fileURLToPath(new URL("demo.ts", import.meta.url));
    const env = { ...process.env, TMPDIR: scratch };
    const { status, stdout, stderr } = spawnSync(process.execPath, [demo], {
      env,
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /Everything was as it should be/);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
