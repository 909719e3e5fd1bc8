import { globSync } from "node:fs";

const PATTERN = "{packages/*/test,tools,spec,bench,examples}/**/*.test.ts";

/** Test files by the process that they run in. */
export interface TestFiles {
  /** One process for all of them. */
  readonly shared: readonly string[];
  /** `*.proc.test.ts`: a process for each. */
  readonly own: readonly string[];
}

/**
 * The repository's test files whose path contains one of the filters; all without filters. A test
 * that starts processes, changes what its process shares (environment, working directory, limits)
 * or runs for seconds is named `*.proc.test.ts`.
 */
export function findTestFiles(root: string, filters: readonly string[]): TestFiles {
  const paths = globSync(PATTERN, { cwd: root, exclude: ["**/node_modules"] }).toSorted();
  const chosen = paths.filter(
    (path) => filters.length === 0 || filters.some((filter) => path.includes(filter)),
  );
  return {
    shared: chosen.filter((path) => !path.endsWith(".proc.test.ts")),
    own: chosen.filter((path) => path.endsWith(".proc.test.ts")),
  };
}
