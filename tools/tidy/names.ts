import type { Finding, RepositoryFile } from "./repository.ts";

const KEBAB_CASE = /^\.?[a-z0-9]+(?:[-.][a-z0-9]+)*$/;
/** What a newcomer looks for in a repository's or package's root is spelt loudly, as everywhere. */
const LOUD = /^[A-Z]+(?:_[A-Z]+)*(?:\.md)?$/;

/** Files and directories are named in kebab-case. */
export function* names(files: readonly RepositoryFile[]): Generator<Finding> {
  for (const { path } of files) {
    const wrong = path.split("/").find((name) => !KEBAB_CASE.test(name) && !LOUD.test(name));
    if (wrong === undefined) continue;
    yield { path, line: 1, message: `name it in kebab-case: ${wrong}` };
  }
}
