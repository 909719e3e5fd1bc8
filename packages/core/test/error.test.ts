import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ERRORS, SteleError } from "@stele/core/error";

const document = readFileSync(new URL("../../../spec/errors.md", import.meta.url), "utf8");
const sections = document
  .split(/^### /m)
  .slice(1)
  .map((section) => /^(?<code>\w+)\n(?<text>.*?)^- Fix: (?<fix>[^\n]*)\n/ms.exec(section)?.groups);

test("spec/errors.md documents each code in the table's order, and no other", () => {
  assert.deepEqual(
    sections.map((section) => section?.["code"]),
    Object.keys(ERRORS),
  );
});

test("spec/errors.md says what each code means, a typical cause, and the table's fix", () => {
  for (const section of sections) {
    const { code = "", text = "", fix } = section ?? {};
    assert.match(text, /^\n\S.*\.\n\n- Typical cause: \S.*\.\n$/s, code);
    assert.equal(fix, ERRORS[code as keyof typeof ERRORS], code);
  }
});

test("an error carries its code, its place and the fix", () => {
  const cause = new Error("below");
  const error = new SteleError("DISK_FULL", "write a: no room", { path: "a", seq: 3, cause });
  assert.deepEqual(
    [error.name, error.code, error.message, error.path, error.seq, error.offset, error.cause],
    ["SteleError", "DISK_FULL", "write a: no room", "a", 3, undefined, cause],
  );
  assert.equal(error.fix, ERRORS.DISK_FULL);
});

test("an error's own fix replaces the code's", () => {
  assert.equal(new SteleError("DISK_IO", "closed", { fix: "open it" }).fix, "open it");
  assert.ok(!("cause" in new SteleError("DISK_IO", "closed")));
});
