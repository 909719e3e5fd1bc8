/** What stands in a transcript for text that differs from run to run. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  hash: "[0-9a-f]{64}",
  "key id": "[0-9a-f]{8}",
  base64: "[A-Za-z0-9+/]+=*",
  time: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`,
  seconds: String.raw`\d+(?:\.\d+)?`,
  number: String.raw`\d+(?:[.,]\d+)*`,
  text: ".*",
};

const PLACEHOLDER = new RegExp(String.raw`\[(${Object.keys(PLACEHOLDERS).join("|")})\]`);

/** Stands for any number of lines. */
const ANY_LINES = "[...]";

/**
 * The actual lines, each replaced by the expected one that it matches, so that the result equals
 * `expected` exactly when all match in order.
 */
export function matchLines(expected: readonly string[], actual: readonly string[]): string[] {
  const result: string[] = [];
  let index = 0;
  for (const [position, line] of expected.entries()) {
    if (line === ANY_LINES) {
      result.push(line);
      index = resumeAt(expected[position + 1], actual, index);
      continue;
    }
    const found = actual[index++];
    if (found === undefined) break;
    result.push(matches(line, found) ? line : found);
  }
  return [...result, ...actual.slice(index)];
}

/** Where the line behind `[...]` is found; at the end when nothing is behind it, or nothing matches. */
function resumeAt(next: string | undefined, actual: readonly string[], from: number): number {
  if (next === undefined) return actual.length;
  const at = actual.findIndex((line, index) => index >= from && matches(next, line));
  return at === -1 ? actual.length : at;
}

function matches(expected: string, actual: string): boolean {
  const pattern = expected
    .split(PLACEHOLDER)
    .map((part, index) => (index % 2 === 0 ? escape(part) : `(?:${PLACEHOLDERS[part]})`));
  return new RegExp(`^${pattern.join("")}$`).test(actual);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
