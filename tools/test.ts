import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findTestFiles } from "./test/files.ts";
import { missingNeeds } from "./test/needs.ts";
import { runTests } from "./test/run.ts";

// npm test [-- PART-OF-A-PATH ...]: builds, because the command-line tests run what ships, and runs the tests.

const root = join(import.meta.dirname, "..");
const filters = process.argv.slice(2);
const files = findTestFiles(root, filters);

const missing = missingNeeds();
for (const line of missing) console.log(line);

const build = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
if (build.status !== 0) console.log("the build failed: npm run build");

const counts = await runTests(root, files, filters.length > 0 ? "full" : "brief");
const ran = counts.passed + counts.failed > 0;
if (!ran) console.log(`no test ran: ${filters.join(", ") || "there are none"}`);

const broken = [build.status !== 0, !ran, process.env["CI"] === "true" && missing.length > 0];
const failed = counts.failed + broken.filter(Boolean).length;
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.passed} passed, ${failed} failed${skipped}`);
process.exitCode = failed === 0 ? 0 : 1;
