import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findTestFiles } from "./test/files.ts";
import { missingNeeds } from "./test/needs.ts";
import { runTests } from "./test/run.ts";

// npm test [-- PART-OF-A-PATH ...]: builds, because the tests of the command run what ships, and
// runs the tests.

const root = join(import.meta.dirname, "..");
const filters = process.argv.slice(2);
const files = findTestFiles(root, filters);

const missing = missingNeeds();
for (const line of missing) console.log(line);

const build = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
if (build.status !== 0) console.log("the build failed: npm run build");

const { passed, skipped, remarks, ...tests } = await runTests(
  root,
  files,
  filters.length > 0 ? "full" : "brief",
);
for (const line of remarks) console.log(line);
const ran = passed + tests.failed > 0;
if (!ran) console.log(`no test ran: ${filters.join(", ") || "there are none"}`);

const broken = [build.status !== 0, !ran, process.env["CI"] === "true" && missing.length > 0];
const failed = tests.failed + broken.filter(Boolean).length;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 ? 0 : 1;
