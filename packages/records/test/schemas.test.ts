import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { recordTypeList } from "@stele/records/types";
import { Ajv2020 } from "ajv/dist/2020.js";

const SPEC = join(import.meta.dirname, "../../../spec/records");

suite("published schemas", () => {
  test("are those that the package checks with", () => {
    const published = globSync("*.json", { cwd: SPEC }).toSorted();
    assert.deepEqual(published, recordTypeList.map(({ type }) => `${type}.json`).toSorted());
    for (const { type, schema } of recordTypeList) {
      const text = readFileSync(join(SPEC, `${type}.json`), "utf8");
      assert.deepEqual(JSON.parse(text), schema, `run node spec/records/generate.ts for ${type}`);
    }
  });

  test("are sound JSON Schemas of draft 2020-12, also for a strict reader", () => {
    for (const { schema } of recordTypeList) {
      const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false });
      assert.equal(ajv.validateSchema(schema), true);
      ajv.compile(schema);
    }
  });
});
