import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { whyNotPlayed } from "../test/needs.ts";
import { playTranscript } from "../transcript/play.ts";
import { Session } from "../transcript/session.ts";
import { fencesIn } from "./fences.ts";
import { SnippetProject, type Snippet } from "./snippets.ts";

const root = join(import.meta.dirname, "../..");
const documents = globSync("{*.md,docs/**/*.md,packages/*/README.md}", { cwd: root })
  .toSorted()
  .map((path) => ({ path, fences: fencesIn(readFileSync(join(root, path), "utf8")) }));

const snippets = documents.flatMap(({ path, fences }) =>
  fences
    .filter(({ info }) => /^ts\b/.test(info))
    .map((fence): Snippet => {
      const name = `${path.replaceAll("/", "-")}.${fence.line}.ts`;
      return { name, document: path, fence };
    }),
);
const project = new SnippetProject(root, snippets);
after(() => project[Symbol.dispose]());

test("the TypeScript of the documents compiles", () => {
  assert.equal(project.check(), "");
});

for (const snippet of snippets.filter(({ fence }) => fence.info === "ts run")) {
  test(`${snippet.name} runs`, () => {
    assert.equal(project.execute(snippet), "");
  });
}

for (const { path, fences } of documents) {
  const blocks = fences.filter(({ info }) => info === "console");
  if (blocks.length === 0) continue;
  const skip = whyNotPlayed(blocks.map(({ text }) => text).join("\n"));
  test(`the terminal sessions of ${path} are true`, { skip }, () => {
    using session = new Session();
    const played = blocks.map(({ text }) => playTranscript(text, session));
    assert.deepEqual(
      played,
      blocks.map(({ text }) => text),
    );
  });
}
