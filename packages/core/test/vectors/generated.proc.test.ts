import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const GENERATOR = join(import.meta.dirname, "../../../../spec/vectors/generate.ts");

test("the generated vectors are what their generator writes", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [GENERATOR, "--check"], {
    encoding: "utf8",
  });
  assert.equal(`${stdout}${stderr}exit ${status}`, "exit 0");
});
