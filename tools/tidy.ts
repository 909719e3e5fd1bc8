import { join } from "node:path";
import { readRepository } from "./tidy/repository.ts";
import { RULES } from "./tidy/rules.ts";

const files = readRepository(join(import.meta.dirname, ".."));
const findings = RULES.flatMap((rule) => [...rule(files)]);
for (const { path, line, message } of findings) console.log(`${path}:${line}: ${message}`);
process.exitCode = findings.length === 0 ? 0 : 1;
