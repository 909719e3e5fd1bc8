import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const STELE = join(import.meta.dirname, "../../packages/cli/bin/stele.js");
const STEP_MAX_MS = 60_000;

/** What a command printed, line by line, and its exit status. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly status: number;
}

/** An empty directory with an empty home, where `stele` is the built command of this repository. */
export class Session implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), "stele-transcript-"));
  readonly #directory = join(this.#root, "work");
  readonly #environment: NodeJS.ProcessEnv;

  constructor() {
    const bin = join(this.#root, "bin");
    const home = join(this.#root, "home");
    for (const directory of [bin, home, this.#directory]) mkdirSync(directory);
    writeFileSync(join(bin, "stele"), `#!/bin/sh\nexec "${process.execPath}" "${STELE}" "$@"\n`);
    chmodSync(join(bin, "stele"), 0o755);
    this.#environment = {
      PATH: [bin, process.env["PATH"]].join(delimiter),
      HOME: home,
      LC_ALL: "C.UTF-8",
      TZ: "UTC",
    };
  }

  /** Runs shell source without input; the exit status of one that takes over a minute is 124. */
  run(command: string): Outcome {
    const { stdout, status } = spawnSync("sh", ["-c", `exec 2>&1\n${command}`], {
      cwd: this.#directory,
      env: this.#environment,
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
      timeout: STEP_MAX_MS,
    });
    const lines = stdout.split("\n");
    if (lines.at(-1) === "") lines.pop();
    return { lines, status: status ?? 124 };
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true });
  }
}
