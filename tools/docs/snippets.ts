import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fence } from "./fences.ts";

/** Code of a document, and the file that it is checked as. */
export interface Snippet {
  readonly name: string;
  /** The document's path; snippets of one document run in one directory, as a reader's would. */
  readonly document: string;
  readonly fence: Fence;
}

/** A project outside the repository that has its packages installed, as a reader's would. */
export class SnippetProject implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "stele-snippets-"));

  constructor(root: string, snippets: readonly Snippet[]) {
    symlinkSync(join(root, "node_modules"), join(this.#directory, "node_modules"));
    this.#write("package.json", JSON.stringify({ type: "module" }));
    this.#write("tsconfig.json", JSON.stringify(configuration(root)));
    for (const { name, fence } of snippets) {
      // Blank lines in front make a complaint's line that of the document.
      this.#write(name, "\n".repeat(fence.line - 1) + fence.text);
    }
  }

  /** What the compiler has to say about all snippets; empty when nothing. */
  check(): string {
    return run("tsc", ["-p", "."], this.#directory);
  }

  /** What a snippet says on its way to an exit status other than 0; empty when it succeeds. */
  execute(snippet: Snippet): string {
    const directory = join(this.#directory, "run", snippet.document);
    mkdirSync(directory, { recursive: true });
    return run(process.execPath, [join(this.#directory, snippet.name)], directory);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#directory, name), text);
  }
}

function run(command: string, args: readonly string[], directory: string): string {
  const env = { PATH: process.env["PATH"], HOME: directory };
  const result = spawnSync(command, args, { cwd: directory, env, encoding: "utf8" });
  return result.status === 0 ? "" : `${result.stdout}${result.stderr}exit ${result.status}`;
}

/** As strict as ours, except that an example need not use all that it shows. */
function configuration(root: string): object {
  return {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { customConditions: [], noUnusedLocals: false, noUnusedParameters: false },
    include: ["*.ts"],
  };
}
