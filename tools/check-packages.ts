import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

// npm run packages: packs what would be published, and checks that others can import it and read
// its types.

const root = join(import.meta.dirname, "..");
const output = mkdtempSync(join(tmpdir(), "stele-packages-"));

/** Part of what `npm pack --json` says. */
interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

async function complaints(directory: string): Promise<string[]> {
  const packed = pack(directory);
  const tarball = join(output, packed.filename);
  const paths = packed.files.map(({ path }) => path);
  return [...contents(paths), ...(await lint(tarball)), ...types(directory, tarball)];
}

function pack(directory: string): Packed {
  const args = ["pack", directory, "--json", "--ignore-scripts", "--pack-destination", output];
  const { stdout, status } = spawnSync("npm", args, { stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} ended with ${status}`);
  const [packed] = JSON.parse(stdout.toString()) as [Packed];
  return packed;
}

/** The licence goes with every copy; tests and the compiler's notes go with none. */
function contents(paths: readonly string[]): string[] {
  const stray = paths.filter(
    (path) => !/^(?:bin|dist|src)\/|^(?:LICENSE|README\.md|package\.json)$/.test(path),
  );
  const missing = ["LICENSE", "package.json"].filter((path) => !paths.includes(path));
  return [...stray.map((path) => `leave out ${path}`), ...missing.map((path) => `add ${path}`)];
}

async function lint(tarball: string): Promise<string[]> {
  const { buffer } = new Uint8Array(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg) ?? message.code}`);
}

/** What attw finds wrong with the types; a package that only has a command has none. */
function types(directory: string, tarball: string): string[] {
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  if (Object.keys(manifest.exports).every((subpath) => subpath === "./package.json")) return [];
  const args = [tarball, "--profile", "esm-only", "--no-definitely-typed", "--format", "ascii"];
  const { stdout, stderr, status } = spawnSync("attw", args, { encoding: "utf8" });
  return status === 0 ? [] : [`attw:\n${stdout}${stderr}`];
}

try {
  for (const directory of globSync(join(root, "packages/*")).toSorted()) {
    const found = await complaints(directory);
    console.log(`${basename(directory)}: ${found.length === 0 ? "good" : found.join("\n  ")}`);
    if (found.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(output, { recursive: true });
}
