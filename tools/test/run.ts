import { availableParallelism } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { pathToFileURL } from "node:url";
import { brief } from "./brief.ts";
import type { TestFiles } from "./files.ts";
import { tally, type Tally } from "./tally.ts";

/** A test that is silent for so long hangs, or left something open that keeps its process alive. */
const SILENCE_MAX_MS = 180_000;

const UNTRACKED = new URL("./untracked.ts", import.meta.url).href;

/** Runs the files and streams the report to standard output: each test, or a dot for each. */
export async function runTests(
  root: string,
  files: TestFiles,
  style: "full" | "brief",
): Promise<Tally> {
  const silence = new AbortController();
  const alarm = setTimeout(() => silence.abort(new Error("silent for 3 minutes")), SILENCE_MAX_MS);
  // Each process loads some 200 modules: this keeps them without their types, and compiled.
  process.env["NODE_COMPILE_CACHE"] ??= join(root, "node_modules/.cache/stele-tests");
  const events = run({
    files: processes(root, files),
    concurrency: availableParallelism(),
    execArgv: ["--conditions=@stele/source", `--import=${UNTRACKED}`],
    signal: silence.signal,
  });
  events.on("data", () => alarm.refresh());
  const result = tally(events);
  const report = events.compose(style === "full" ? spec() : brief) as AsyncIterable<string>;
  for await (const text of report) process.stdout.write(text);
  clearTimeout(alarm);
  return result;
}

/** A process for each of these: the file that holds all the shared ones, and the others. */
function processes(root: string, { shared, own }: TestFiles): string[] {
  const files = own.map((path) => join(root, path));
  if (shared.length === 0) return files;
  const urls = shared.map((path) => pathToFileURL(join(root, path)).href);
  process.env["STELE_TEST_FILES"] = urls.join("\n");
  return [join(import.meta.dirname, "shared.ts"), ...files];
}
