import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseSync, type Program } from "oxc-parser";

/** One file as the rules see it. Paths use `/` and start at the repository's root. */
export interface RepositoryFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly text: string;
  readonly lines: readonly string[];
  /** The syntax tree; only TypeScript and JavaScript have one. */
  readonly program: Program | undefined;
}

/** What the rules need of a package.json. */
export interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** One breach of a rule; the message says what to do instead. */
export interface Finding {
  readonly path: string;
  /** 1-based, as editors count. */
  readonly line: number;
  readonly message: string;
}

/** A rule looks at the whole repository, because some rules bind two files to each other. */
export type Rule = (files: readonly RepositoryFile[]) => Iterable<Finding>;

/** Made by tools, or by others. */
const GENERATED = ["**/node_modules", "**/dist", "**/*.tsbuildinfo", "**/vendor", ".git"];

/** Reads every file under the root that is not generated. */
export function readRepository(root: string): RepositoryFile[] {
  const patterns = ["**/*", "**/.*", "**/.*/**"];
  const entries = globSync(patterns, { cwd: root, exclude: GENERATED, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile());
  const paths = new Set(found.map((entry) => relative(root, join(entry.parentPath, entry.name))));
  return [...paths]
    .toSorted()
    .map((path) => repositoryFile(path, readFileSync(join(root, path), "utf8")));
}

/** A file with this text, parsed if it is code. Throws where the code has no valid syntax. */
export function repositoryFile(path: string, text: string): RepositoryFile {
  return {
    path,
    text,
    sizeBytes: Buffer.byteLength(text),
    lines: text.split("\n"),
    program: /\.(?:ts|js|mjs)$/.test(path) ? parse(path, text) : undefined,
  };
}

function parse(path: string, text: string): Program {
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  return program;
}

/** The parsed package.json of a directory, or undefined if there is none. */
export function manifestOf(
  files: readonly RepositoryFile[],
  directory: string,
): Manifest | undefined {
  const path = join(directory, "package.json");
  const file = files.find((candidate) => candidate.path === path);
  return file === undefined ? undefined : (JSON.parse(file.text) as Manifest);
}

/** The 1-based line that holds the offset. */
export function lineOf(file: RepositoryFile, offset: number): number {
  return file.text.slice(0, offset).split("\n").length;
}
