import { importsIn } from "./syntax.ts";
import { lineOf, type Finding, type RepositoryFile } from "./repository.ts";

/** Which siblings each package may import (ARCHITECTURE.md). */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  store: ["core"],
  index: ["core", "store"],
  records: ["core"],
  import: ["core"],
  journal: ["core", "store", "index"],
  mcp: ["core", "journal"],
  witness: ["core", "store", "journal"],
  cli: ["core", "store", "index", "records", "import", "journal", "mcp", "witness"],
};

/** Packages import only the packages below them, and by name; core imports nothing at all. */
export function* layers(files: readonly RepositoryFile[]): Generator<Finding> {
  for (const file of files) {
    const [, name, part] = /^packages\/([^/]+)\/([^/]+)\//.exec(file.path) ?? [];
    if (name === undefined || part === undefined || file.program === undefined) continue;
    for (const { specifier, offset } of importsIn(file.program)) {
      const message = breach({ name, part, path: file.path, specifier });
      if (message !== undefined) yield { path: file.path, line: lineOf(file, offset), message };
    }
  }
}

interface Import {
  /** The importing package, the folder of it ("src", "test", …) and the file. */
  readonly name: string;
  readonly part: string;
  readonly path: string;
  readonly specifier: string;
}

function breach({ name, part, path, specifier }: Import): string | undefined {
  const allowed = LAYERS[name];
  if (allowed === undefined) return `give ${name} its line in the table of tools/tidy/layers.ts`;
  if (specifier.startsWith(".")) return leaves({ name, part, path, specifier });
  const sibling = /^@stele\/([^/]+)/.exec(specifier)?.[1];
  if (sibling === name) {
    return part === "src" ? "import from the same package by a relative path" : undefined;
  }
  if (sibling !== undefined) {
    return allowed.includes(sibling) ? undefined : `${name} may not import ${sibling}`;
  }
  if (name === "core" && part === "src") {
    return `core imports nothing: take what ${specifier} gives as a parameter`;
  }
  return undefined;
}

function leaves({ name, part, path, specifier }: Import): string | undefined {
  const target = new URL(specifier, `file:///${path}`).pathname;
  if (target.startsWith(`/packages/${name}/`)) return undefined;
  if (part === "test" && target.startsWith("/tools/")) return undefined;
  return "import other packages by name";
}
