import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { unpadded, withTables } from "./tables.ts";

test("docs/records.md has the tables that node spec/records/generate.ts writes", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/records.md"), "utf8");
  assert.equal(unpadded(withTables(page)), unpadded(page));
});
