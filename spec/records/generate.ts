import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recordTypeList } from "../../packages/records/src/types.ts";
import { withTables } from "./tables.ts";

// node spec/records/generate.ts    writes the schemas, and the tables of docs/records.md, from
//                                  packages/records

for (const { type, schema } of recordTypeList) {
  writeFileSync(join(import.meta.dirname, `${type}.json`), `${JSON.stringify(schema, null, 2)}\n`);
}
const page = join(import.meta.dirname, "../../docs/records.md");
writeFileSync(page, withTables(readFileSync(page, "utf8")));
