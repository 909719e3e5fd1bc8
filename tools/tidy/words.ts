import type { Finding, RepositoryFile } from "./repository.ts";

/** Each pattern is written so that it does not match itself. */
const BANNED: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(?:FIX[M]E|TO[D]O|XX[X])\b/, "do it now, or open an issue"],
  [/(?:^|[\s"'`(=:])\/(?:[r]oot|[h]ome\/\w+|[U]sers\/\w+|[w]ork)\//, "name no machine's paths"],
  [/\b[r]egistry\.[a-z-]+\.[a-z]+|"resolved": "[h]ttp/, "name no registry"],
];

/** Nothing that belongs to one person's machine or to another day is committed. */
export function* words(files: readonly RepositoryFile[]): Generator<Finding> {
  for (const { path, lines } of files) {
    for (const [index, line] of lines.entries()) {
      for (const [pattern, instead] of BANNED) {
        const [found] = pattern.exec(line) ?? [];
        if (found === undefined) continue;
        yield { path, line: index + 1, message: `${found.trim()} is banned: ${instead}` };
      }
    }
  }
}
