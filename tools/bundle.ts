import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import manifest from "../packages/cli/package.json" with { type: "json" };

// Part of npm run build: joins the modules of the command, of which one call takes 130 to 340, into
// a few files. It takes Node three times as long to find and read so many as it takes to run them.

const packages = join(import.meta.dirname, "../packages");
const outdir = join(packages, "cli/dist");

/** The command, and its threads, which are found beside the file that starts them. */
const ENTRIES = [
  "cli/src/main.ts",
  "index/src/index-thread.ts",
  "index/src/source-thread.ts",
  "journal/src/verify-thread.ts",
  "store/src/node/disk-worker.ts",
];

const { outputFiles, metafile } = await build({
  entryPoints: ENTRIES.map((path) => join(packages, path)),
  outdir,
  entryNames: "[name]",
  bundle: true,
  // A file for what several commands share: each still loads no more than it needs.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.18",
  conditions: ["@stele/source"],
  // Other people's packages are not copied, but installed, with their licences and corrections.
  external: Object.keys(manifest.dependencies),
  logLevel: "warning",
  metafile: true,
  write: false,
});
const copied = Object.keys(metafile.inputs).filter((path) => path.includes("node_modules"));
assert.deepEqual(copied, [], "declare them in packages/cli/package.json");

// A file's name says its content. What is there already stays: somebody may be running it.
mkdirSync(outdir, { recursive: true });
const names = new Set(outputFiles.map(({ path }) => basename(path)));
for (const { path, contents } of outputFiles) {
  if (!existsSync(path) || !readFileSync(path).equals(contents)) writeFileSync(path, contents);
}
for (const name of readdirSync(outdir)) {
  if (!names.has(name)) rmSync(join(outdir, name), { recursive: true });
}
