import type { TestsStream } from "node:test";

/** What became of the tests. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** A line for each thing that the counts do not say. */
  readonly remarks: string[];
}

/** Counts while the events pass. A suite is no test, but counts where it is skipped or fails itself. */
export function tally(events: TestsStream): Tally {
  const result: Tally = { passed: 0, failed: 0, skipped: 0, remarks: [] };
  events.on("test:pass", ({ name, file, skip, todo, details }) => {
    const left = skip ?? todo;
    if (left !== undefined) {
      result.skipped++;
      result.remarks.push(`skipped: ${name}: ${left}`);
    } else if (name === file) {
      // The runner takes a file that ends well without a test for a test.
      result.failed++;
      result.remarks.push(`no test in ${name}`);
    } else if (details.type !== "suite") {
      result.passed++;
    }
  });
  events.on("test:fail", ({ details }) => {
    if (!isCausedBelow(details.error)) result.failed++;
  });
  return result;
}

/** Whether it failed only because tests in it did, which have been reported. */
export function isCausedBelow(error: Error): boolean {
  return "failureType" in error && error.failureType === "subtestsFailed";
}
