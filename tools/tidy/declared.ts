import { isBuiltin } from "node:module";
import { importsIn } from "./syntax.ts";
import {
  lineOf,
  manifestOf,
  type Finding,
  type Manifest,
  type RepositoryFile,
} from "./repository.ts";

/** What it imports of ours is joined into its own files (tools/bundle.ts), and not installed. */
const BUNDLED = "packages/cli";
const OURS = "@stele/";

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
    const known = new Set(ships ? shipped(manifest, home) : [...all(manifest), ...all(root)]);
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
  if (home === undefined) return name.startsWith(OURS);
  return name === home.replace("packages/", OURS);
}

function shipped({ dependencies, peerDependencies, ...rest }: Manifest, home: string): string[] {
  const names = Object.keys({ ...dependencies, ...peerDependencies });
  if (home !== BUNDLED) return names;
  const joined = Object.keys(rest.devDependencies ?? {}).filter((name) => name.startsWith(OURS));
  return [...names, ...joined];
}

function all({ dependencies, peerDependencies, devDependencies }: Manifest): string[] {
  return Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies });
}
