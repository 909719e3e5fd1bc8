import { manifestOf, type Finding, type RepositoryFile } from "./repository.ts";

/** A package's project references are its sibling dependencies, so that `tsc -b` builds them first. */
export function* references(files: readonly RepositoryFile[]): Generator<Finding> {
  for (const file of files) {
    const [, directory] = /^(packages\/[^/]+)\/tsconfig\.json$/.exec(file.path) ?? [];
    if (directory === undefined) continue;
    const { dependencies, devDependencies } = manifestOf(files, directory) ?? {};
    const declared = Object.keys({ ...dependencies, ...devDependencies });
    const siblings = declared.filter((name) => name.startsWith("@stele/"));
    const expected = siblings.map((name) => name.replace("@stele/", "../")).toSorted();
    const config = JSON.parse(file.text) as { references?: readonly { path: string }[] };
    const actual = (config.references ?? []).map(({ path }) => path).toSorted();
    if (actual.join() === expected.join()) continue;
    const message = `make "references" the sibling dependencies: ${expected.join(", ") || "none"}`;
    yield { path: file.path, line: 1, message };
  }
}
