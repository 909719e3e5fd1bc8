import { isBuiltin } from "node:module";
import { importsIn } from "./syntax.ts";
import {
  lineOf,
  manifestOf,
  type Finding,
  type Manifest,
  type RepositoryFile,
} from "./repository.ts";

/**
 * Every package that a file imports is declared in the nearest package.json: what ships in its
 * dependencies, the rest there or in its or the root's devDependencies. Hoisting hides a missing
 * declaration from Node and from tsc.
 */
export function* declared(files: readonly RepositoryFile[]): Generator<Finding> {
  const root = manifestOf(files, "") ?? {};
  for (const file of files) {
    if (file.program === undefined) continue;
    const [home] = /^(?:packages\/[^/]+|bench)(?=\/)/.exec(file.path) ?? [];
    const manifest = home === undefined ? root : (manifestOf(files, home) ?? {});
    const ships = home !== undefined && /^packages\/[^/]+\/(?:src|bin)\//.test(file.path);
    const known = new Set(ships ? shipped(manifest) : [...all(manifest), ...all(root)]);
    for (const { specifier, offset } of importsIn(file.program)) {
      const name = packageName(specifier);
      if (name === undefined || known.has(name) || isOurs(name, home)) continue;
      const message = `declare ${name} in ${home ?? "."}/package.json`;
      yield { path: file.path, line: lineOf(file, offset), message };
    }
  }
}

function packageName(specifier: string): string | undefined {
  if (specifier.startsWith(".") || isBuiltin(specifier)) return undefined;
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}

/** A package may name itself, and what lies outside the packages sees all of them as workspaces. */
function isOurs(name: string, home: string | undefined): boolean {
  if (home === undefined) return name.startsWith("@stele/");
  return name === home.replace("packages/", "@stele/");
}

function shipped(manifest: Manifest): string[] {
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
}

function all(manifest: Manifest): string[] {
  return [...shipped(manifest), ...Object.keys(manifest.devDependencies ?? {})];
}
