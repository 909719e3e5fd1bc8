import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { QuestionCosts } from "./index.ts";
import { percentile } from "./statistics.ts";

const COUNT = 200;
const COLD_COUNT = 20;
const SUMS_COUNT = 5;
const STEP = 7_919_333;

/** A question about the journal's entry number `at`. Resolves with how many it found. */
export type Question = (at: number) => Promise<number> | number;

/** Asks each question about places all over the journal. Throws when one finds nothing. */
export function askAll(
  questions: Readonly<Record<string, Question>>,
  entries: number,
): Promise<readonly QuestionCosts[]> {
  return ask(questions, { entries, count: COUNT });
}

/** As `askAll`, a few times: for sums, which are of everything. */
export function askSums(
  questions: Readonly<Record<string, Question>>,
): Promise<readonly QuestionCosts[]> {
  return ask(questions, { entries: 1, count: SUMS_COUNT });
}

/** As `askAll`; before each, the operating system forgets these files and folders. */
export function askCold(
  questions: Readonly<Record<string, Question>>,
  entries: number,
  paths: readonly string[],
): Promise<readonly QuestionCosts[]> {
  return ask(questions, { entries, count: COLD_COUNT, before: () => forget(paths) });
}

async function ask(
  questions: Readonly<Record<string, Question>>,
  how: { readonly entries: number; readonly count: number; readonly before?: () => void },
): Promise<readonly QuestionCosts[]> {
  const costs: QuestionCosts[] = [];
  for (const [what, question] of Object.entries(questions)) {
    const samples = new Float64Array(how.count);
    for (let count = 0; count < how.count; count++) {
      const at = (count * STEP) % how.entries;
      how.before?.();
      const startMs = performance.now();
      const found = await question(at);
      samples[count] = performance.now() - startMs;
      if (found === 0) throw new Error(`${what} found nothing at ${at}`);
    }
    samples.sort();
    costs.push({ what, p50Ms: percentile(samples, 0.5), p99Ms: percentile(samples, 0.99) });
  }
  return costs;
}

/** Needs GNU dd; what is not written yet stays in memory. */
function forget(paths: readonly string[]): void {
  for (const file of paths.flatMap(filesOf)) {
    execFileSync("dd", [`if=${file}`, "iflag=nocache", "count=0", "status=none"]);
  }
}

function filesOf(file: string): readonly string[] {
  if (!fs.existsSync(file)) return [];
  if (!fs.statSync(file).isDirectory()) return [file];
  return fs.readdirSync(file).map((name) => path.join(file, name));
}
