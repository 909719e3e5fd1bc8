import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { findTestFiles } from "./files.ts";

const root = mkdtempSync(join(tmpdir(), "stele-runner-"));
after(() => rmSync(root, { recursive: true }));

const FILES: Readonly<Record<string, string>> = {
  "packages/a/test/pass.test.ts": `
    import { test } from "node:test";
    test("one", () => {});
    test("two", async (t) => { await t.test("inner", () => {}); });
    globalThis.stele = process.pid;`,
  "packages/a/test/sub/other.test.ts": `
    import { test } from "node:test";
    test("same process", () => { if (globalThis.stele !== process.pid) throw 1; });
    test("left out", { skip: "no need" }, () => {});`,
  "packages/b/test/own.proc.test.ts": `
    import { test } from "node:test";
    test("own process", () => { if ("stele" in globalThis) throw 1; });`,
  "packages/b/test/broken.test.ts": `import "./missing.ts";`,
  "tools/fail.test.ts": `
    import { suite, test } from "node:test";
    suite("outer", () => { test("wrong", () => { throw new Error("so it is"); }); });`,
  "tools/empty.proc.test.ts": "",
  "tools/exit.proc.test.ts": `console.error("last words"); process.exitCode = 3;`,
  "tools/late.proc.test.ts": `
    import { test } from "node:test";
    test("hasty", () => { setTimeout(() => { throw new Error("too late"); }, 1); });`,
  "tools/stray.proc.test.ts": `
    import { test } from "node:test";
    test("stray", async () => {
      void Promise.reject(new Error("nobody waits"));
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`,
};
for (const [path, text] of Object.entries(FILES)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** What a run over the files whose path contains one of the filters prints, then its counts. */
function run(...filters: string[]): { report: string; counts: object; remarks: string[] } {
  const files = JSON.stringify(findTestFiles(root, filters));
  const { href } = new URL("./run.ts", import.meta.url);
  const source = `
    import { runTests } from "${href}";
    console.log(JSON.stringify(await runTests("${root}", ${files}, "brief")));`;
  writeFileSync(join(root, "run.mjs"), source);
  // A run within a run would be taken for a part of the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, [join(root, "run.mjs")], {
    env,
    encoding: "utf8",
  });
  const lines = stdout.trimEnd().split("\n");
  const { remarks, ...counts } = JSON.parse(lines.pop() ?? "");
  return { report: lines.join("\n"), counts, remarks };
}

test("shared files run in one process, others in their own; skipped tests are named", () => {
  const { report, counts, remarks } = run("packages/a", "own");
  assert.deepEqual(counts, { passed: 5, failed: 0, skipped: 1 });
  assert.match(report, /^[.-]{6}$/);
  assert.deepEqual(remarks, ["skipped: left out: no need"]);
});

test("a failure is reported once, with its place", () => {
  const { report, counts } = run("fail");
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  assert.match(report, /✖ wrong\n {2}.*tools\/fail\.test\.ts:3\n {2}Error: so it is/);
  assert.doesNotMatch(report, /outer/);
});

test("a file that cannot be imported fails and stops no other", () => {
  const { report, counts } = run("broken", "pass");
  assert.deepEqual(counts, { passed: 3, failed: 1, skipped: 0 });
  assert.match(report, /Cannot find module .*missing\.ts/);
});

test("a process that ends badly fails, with what it said", () => {
  const { report, counts } = run("exit");
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  assert.match(report, /✖ .*exit\.proc\.test\.ts\n.*exitCode: 3.*\nlast words\n/s);
});

test("an error after a test's end fails, with its place", () => {
  const { report, counts } = run("late");
  assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 });
  assert.match(report, /uncaughtException: Error: too late\n.*late\.proc\.test\.ts:3:/s);
});

test("an error that nobody awaits fails at once, with its place", () => {
  const { report, counts } = run("stray");
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  assert.match(report, /unhandledRejection: Error: nobody waits\n.*stray\.proc\.test\.ts:4:/s);
});

test("a file without a test fails", () => {
  const { counts, remarks } = run("empty.proc");
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  assert.match(remarks.join(), /no test in .*empty\.proc\.test\.ts/);
});

test("no file, no test", () => {
  assert.deepEqual(run("nothing like that").counts, { passed: 0, failed: 0, skipped: 0 });
});
