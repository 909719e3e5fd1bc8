import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "spec/references.md"), "utf8");

/** The rows below the tables' heads, each as its cells. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (theirs|what it does|-)/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

/** The titles of a file's tests, an ellipsis for what each computes. */
function titlesOf(path: string): ReadonlySet<string> {
  const text = readFileSync(path, "utf8");
  const calls = text.matchAll(/\b(?:test|suite)\(\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)/g);
  const titles = [...calls].map(([, plain, computed]) =>
    plain !== undefined ? JSON.parse(`"${plain}"`) : computed!.replace(/\$\{[^}]*\}/g, "…"),
  );
  return new Set(titles as string[]);
}

suite("spec/references.md", () => {
  test("names tests that exist", () => {
    assert.ok(rows.length > 60, `${rows.length} rows`);
    for (const [, theirs, ours = ""] of rows) {
      for (const named of ours.split("<br>")) {
        const [, file, title] = /^`([^`]+)`: (.+)$/.exec(named) ?? [];
        assert.ok(file && title, `${theirs}: ${named}`);
        const path = join(root, "packages", file);
        assert.ok(existsSync(path), `${theirs}: there is no ${file}`);
        assert.ok(titlesOf(path).has(title), `${theirs}: no test "${title}" in ${file}`);
      }
    }
  });

  test("names each of their tests once", () => {
    const names = rows.flatMap(([, theirs = ""]) => theirs.split(", "));
    assert.deepEqual([...new Set(names)], names);
  });
});
