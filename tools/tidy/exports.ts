import { join } from "node:path";
import type { ExportNamedDeclaration, Program } from "oxc-parser";
import { placesIn } from "./syntax.ts";
import { lineOf, manifestOf, type Finding, type RepositoryFile } from "./repository.ts";

const SUBPATH_EXPORTS_MAX = 25;

/** Exports have names, are listed one by one, and a subpath of a package has at most 25. */
export function* exports(files: readonly RepositoryFile[]): Generator<Finding> {
  for (const file of files) {
    if (file.program === undefined || file.path.endsWith(".d.ts")) continue;
    for (const { node } of placesIn(file.program)) {
      const line = lineOf(file, node.start);
      if (node.type === "ExportDefaultDeclaration") {
        yield { path: file.path, line, message: "give the export a name" };
      }
      if (node.type === "ExportAllDeclaration") {
        yield { path: file.path, line, message: "list the exported names" };
      }
    }
  }
  yield* wideSubpaths(files);
}

function* wideSubpaths(files: readonly RepositoryFile[]): Generator<Finding> {
  for (const path of subpathSources(files)) {
    const file = files.find((candidate) => candidate.path === path);
    if (file?.program === undefined) {
      yield { path, line: 1, message: "package.json exports this file, which does not exist" };
      continue;
    }
    const count = exportedNames(file.program);
    if (count <= SUBPATH_EXPORTS_MAX) continue;
    const message = `split the subpath: ${count} exports, more than ${SUBPATH_EXPORTS_MAX}`;
    yield { path, line: 1, message };
  }
}

function* subpathSources(files: readonly RepositoryFile[]): Generator<string> {
  for (const { path } of files) {
    const [directory] = /^packages\/[^/]+(?=\/package\.json$)/.exec(path) ?? [];
    if (directory === undefined) continue;
    for (const conditions of Object.values(manifestOf(files, directory)?.exports ?? {})) {
      if (typeof conditions === "string") continue;
      const source = (conditions as Readonly<Record<string, string>>)["@stele/source"];
      if (source !== undefined) yield join(directory, source);
    }
  }
}

function exportedNames(program: Program): number {
  let count = 0;
  for (const node of program.body) {
    if (node.type === "ExportNamedDeclaration") count += namesIn(node);
  }
  return count;
}

function namesIn({ declaration, specifiers }: ExportNamedDeclaration): number {
  if (declaration === null) return specifiers.length;
  return declaration.type === "VariableDeclaration" ? declaration.declarations.length : 1;
}
