import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readRepository, repositoryFile, type Finding } from "./repository.ts";
import { RULES } from "./rules.ts";

test("the repository is tidy", () => {
  const findings = check(readRepository(join(import.meta.dirname, "../..")));
  assert.equal(findings.join("\n"), "");
});

// Put together here, so that the rules do not find them in this file.
const LATER = ["FIX", "ME"].join("");
const HOME = ["", "home", "anna", ""].join("/");
const RESOLVED = ['"resolved"', '"http'].join(": ");

/** What each rule must find: files as path and text, then the whole report. */
const BREACHES: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string]>> = {
  "core imports a package": [
    { "packages/core/src/a.ts": `import "node:fs";` },
    "packages/core/src/a.ts:1: core imports nothing: take what node:fs gives as a parameter",
  ],
  "a layer imports one above it": [
    {
      "packages/store/package.json": `{"dependencies":{"@stele/journal":"0.1.0"}}`,
      "packages/store/src/a.ts": `export const x = 1;\nexport type { J } from "@stele/journal";`,
    },
    "packages/store/src/a.ts:2: store may not import journal",
  ],
  "a layer imports one above it lazily": [
    {
      "packages/store/package.json": `{"devDependencies":{"@stele/cli":"0.1.0"}}`,
      "packages/store/test/a.ts": `await import("@stele/cli");`,
    },
    "packages/store/test/a.ts:1: store may not import cli",
  ],
  "a layer imports one above it in a type": [
    {
      "packages/core/package.json": `{"devDependencies":{"@stele/store":"0.1.0"}}`,
      "packages/core/test/a.ts": `type S = import("@stele/store").S;`,
    },
    "packages/core/test/a.ts:1: core may not import store",
  ],
  "a package reaches into another": [
    { "packages/store/src/a.ts": `import "../../core/src/a.ts";` },
    "packages/store/src/a.ts:1: import other packages by name",
  ],
  "a package imports itself by name": [
    { "packages/store/src/a.ts": `import "@stele/store/node";` },
    "packages/store/src/a.ts:1: import from the same package by a relative path",
  ],
  "a package without a layer": [
    { "packages/extra/src/a.ts": `import "./b.ts";` },
    "packages/extra/src/a.ts:1: give extra its line in the table of tools/tidy/layers.ts",
  ],
  "core reads the clock": [
    {
      "packages/core/src/a.ts": `export const x = { Date: 1 }.Date;\nexport const y = Date.now();`,
    },
    "packages/core/src/a.ts:2: Date.now is banned: take a Clock",
  ],
  "core uses what only Node has": [
    { "packages/core/src/a.ts": `export const x = Buffer.from("");` },
    "packages/core/src/a.ts:1: Buffer is banned: use Uint8Array",
  ],
  "store reads the clock": [
    { "packages/store/src/a.ts": `new Date(0);\nnew Date();` },
    "packages/store/src/a.ts:2: Date without an argument is banned: take a Clock",
  ],
  "journal sets a timer": [
    { "packages/journal/src/a.ts": `setTimeout(() => 1, 2);` },
    "packages/journal/src/a.ts:1: setTimeout is banned: take a Clock",
  ],
  "store throws dice": [
    { "packages/store/src/a.ts": `Math.max(1);\nMath.random();` },
    "packages/store/src/a.ts:2: Math.random is banned: take a Random",
  ],
  "store opens files beside the door": [
    {
      "packages/store/src/node/disk.ts": `import "node:fs";`,
      "packages/store/src/writer.ts": `import "node:fs";`,
    },
    "packages/store/src/writer.ts:1: node:fs is banned: take a Disk",
  ],
  "what ships imports a devDependency": [
    {
      "packages/cli/package.json": `{"devDependencies":{"extra":"1.0.0","@stele/core":"0.1.0"}}`,
      "packages/cli/src/a.ts": `import "extra/part";\nimport "@stele/core/error";`,
      "packages/cli/test/a.ts": `import "extra";`,
    },
    "packages/cli/src/a.ts:1: declare extra in packages/cli/package.json",
  ],
  "a tool imports what nobody declares": [
    {
      "package.json": `{"devDependencies":{"known":"1.0.0"}}`,
      "tools/a.ts": `import "known";\nimport "@un/known";`,
    },
    "tools/a.ts:2: declare @un/known in ./package.json",
  ],
  "project references lag behind": [
    {
      "packages/cli/package.json": `{"dependencies":{"@stele/core":"0.1.0"}}`,
      "packages/cli/tsconfig.json": `{"references":[]}`,
    },
    `packages/cli/tsconfig.json:1: make "references" the sibling dependencies: ../core`,
  ],
  "a long function": [
    { "tools/a.ts": `export function a(): void {\n${"\n".repeat(69)}}` },
    "tools/a.ts:1: split the function: 71 lines, more than 70",
  ],
  "a long test, in a suite": [
    { "tools/a.ts": `suite("", () => {\n  test("", () => {\n${"\n".repeat(69)}  });\n});` },
    "tools/a.ts:2: split the function: 71 lines, more than 70",
  ],
  "a long file": [
    { "tools/a.ts": "\n".repeat(601) },
    "tools/a.ts:1: split the file: more than 600 lines",
  ],
  "a wide line": [
    { "tools/a.ts": `// https://example.org/${"x".repeat(100)}\n// ${"x".repeat(98)}` },
    "tools/a.ts:2: break the line at 100 columns",
  ],
  "many parameters": [
    { "tools/a.ts": `interface A {\n  a(b: 1, c: 2, d: 3, e: 4, f: 5): void;\n}` },
    "tools/a.ts:2: take an object: more than 4 parameters",
  ],
  "a large file": [
    { "docs/a.bin": "x".repeat(512 * 1024 + 1) },
    "docs/a.bin:1: keep files under 524288 bytes, or generate it",
  ],
  "a default export": [
    { "tools/a.ts": `export default 1;` },
    "tools/a.ts:1: give the export a name",
  ],
  "a star export": [
    { "tools/a.ts": `export * from "./b.ts";` },
    "tools/a.ts:1: list the exported names",
  ],
  "a subpath with many exports": [
    {
      "packages/core/package.json": `{"exports":{"./a":{"@stele/source":"./src/a.ts"}}}`,
      "packages/core/src/a.ts": "export const a = 0;\n".repeat(26),
    },
    "packages/core/src/a.ts:1: split the subpath: 26 exports, more than 25",
  ],
  "a subpath without a file": [
    { "packages/core/package.json": `{"exports":{"./a":{"@stele/source":"./src/a.ts"}}}` },
    "packages/core/src/a.ts:1: package.json exports this file, which does not exist",
  ],
  "a name in another case": [
    { ".ci/run": "", "THREAT_MODEL.md": "# a", "tools/readMe.ts": "" },
    "tools/readMe.ts:1: name it in kebab-case: readMe.ts",
  ],
  "work left for later": [
    { "docs/a.txt": `\n${LATER}: later` },
    `docs/a.txt:2: ${LATER} is banned: do it now, or open an issue`,
  ],
  "a path of one machine": [
    { "docs/a.txt": `see ${HOME}notes` },
    `docs/a.txt:1: ${HOME} is banned: name no machine's paths`,
  ],
  "a registry": [
    { "package-lock.json": `${RESOLVED}s://packages.example/a.tgz"` },
    `package-lock.json:1: ${RESOLVED} is banned: name no registry`,
  ],
  "a document with two titles": [
    { "docs/a.md": "# One\n\n```sh\n# a comment\n```\n\n# Two\n" },
    "docs/a.md:7: begin with the one # title",
  ],
  "a document with a broken link": [
    { "docs/a.md": "# One\n\n[b](b.md#part), [c](https://example.org), [d](../docs)\n" },
    "docs/a.md:3: b.md does not exist: mend the link",
  ],
};

describe("each rule finds its breach", () => {
  for (const [name, [files, expected]] of Object.entries(BREACHES)) {
    test(name, () => {
      const findings = check(
        Object.entries(files).map(([path, text]) => repositoryFile(path, text)),
      );
      assert.equal(findings[0], expected);
      assert.ok(findings.every((finding) => finding.startsWith(expected.split(":")[0] ?? "")));
    });
  }
});

function check(files: Parameters<(typeof RULES)[number]>[0]): string[] {
  return RULES.flatMap((rule) => [...rule(files)]).map(format);
}

function format({ path, line, message }: Finding): string {
  return `${path}:${line}: ${message}`;
}
