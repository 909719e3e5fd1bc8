import type { QuestionCosts } from "./index.ts";
import { percentile } from "./statistics.ts";

const COUNT = 200;
const STEP = 7_919_333;

/** A question about the journal's entry number `at`. Resolves with how many entries it found. */
export type Question = (at: number) => Promise<number> | number;

/** Asks each question about places all over the journal. Throws when one finds nothing. */
export async function askAll(
  questions: Readonly<Record<string, Question>>,
  entries: number,
): Promise<readonly QuestionCosts[]> {
  const costs: QuestionCosts[] = [];
  for (const [what, question] of Object.entries(questions)) {
    const samples = new Float64Array(COUNT);
    for (let count = 0; count < COUNT; count++) {
      const startMs = performance.now();
      const found = await question((count * STEP) % entries);
      samples[count] = performance.now() - startMs;
      if (found === 0) throw new Error(`${what} found nothing at ${(count * STEP) % entries}`);
    }
    samples.sort();
    costs.push({ what, p50Ms: percentile(samples, 0.5), p99Ms: percentile(samples, 0.99) });
  }
  return costs;
}
