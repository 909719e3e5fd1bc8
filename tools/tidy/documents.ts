import { join } from "node:path";
import type { Finding, RepositoryFile } from "./repository.ts";

/** A document has one title, which is its first line, and its links to files lead somewhere. */
export function* documents(files: readonly RepositoryFile[]): Generator<Finding> {
  const paths = new Set(files.map(({ path }) => path));
  for (const { path, text } of files) {
    if (!path.endsWith(".md")) continue;
    const prose = blankFences(text).split("\n");
    const titles = prose.flatMap((line, index) => (line.startsWith("# ") ? [index] : []));
    if (titles.length !== 1 || titles[0] !== 0) {
      yield { path, line: (titles[1] ?? 0) + 1, message: "begin with the one # title" };
    }
    for (const [index, line] of prose.entries()) {
      for (const target of linkedPaths(line)) {
        const linked = join(path, "..", target);
        if (paths.has(linked) || [...paths].some((known) => known.startsWith(`${linked}/`)))
          continue;
        yield { path, line: index + 1, message: `${target} does not exist: mend the link` };
      }
    }
  }
}

/** The same number of lines, with those of fenced blocks empty. */
function blankFences(text: string): string {
  return text.replace(/^```.*?^```$/gms, (block) => block.replace(/.+/g, ""));
}

function* linkedPaths(line: string): Generator<string> {
  for (const [, target] of line.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
    if (target !== undefined && !/^[a-z]+:/.test(target)) yield target.replace(/\/$/, "");
  }
}
