import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { environment } from "./key.ts";

/** What a program that ended wrote, and how it ended. */
export interface Ended {
  readonly lines: readonly string[];
  readonly errors: string;
  readonly status: number | null;
}

/** A program of this directory, running with the options of this process and the test key. */
export class Child {
  readonly process: ChildProcess;
  readonly #ended: Promise<Ended>;
  #output = "";
  #errors = "";

  /** `wrapper` is a command that starts the program, such as strace with its options. */
  constructor(
    program: string,
    parameters: readonly string[],
    options: { readonly wrapper?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
  ) {
    const { wrapper = [], env } = options;
    const path = fileURLToPath(new URL(`./${program}`, import.meta.url));
    const words = [...wrapper, process.execPath, ...process.execArgv, path, ...parameters];
    const spawning: SpawnOptions = {
      env: { ...process.env, ...environment, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    };
    this.process = spawn(words[0]!, words.slice(1), spawning);
    this.process.stdout!.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    this.process.stderr!.on("data", (chunk: Buffer) => (this.#errors += chunk.toString()));
    this.#ended = this.#end();
  }

  /** The whole lines that it has written so far. */
  get lines(): readonly string[] {
    return this.#output.split("\n").slice(0, -1);
  }

  /** Resolves when it has written a line that starts so, or has ended. */
  async wrote(start: string): Promise<void> {
    let ended = false;
    void this.#ended.then(() => (ended = true));
    while (!ended && !this.lines.some((line) => line.startsWith(start))) {
      await Promise.race([once(this.process.stdout!, "data"), this.#ended]);
    }
  }

  /** Resolves when it has ended, with all that it wrote. */
  async ended(): Promise<Ended> {
    return this.#ended;
  }

  /** `kill -9`. Resolves when it is gone. */
  async kill(): Promise<Ended> {
    this.process.kill("SIGKILL");
    return this.#ended;
  }

  async #end(): Promise<Ended> {
    const [status] = (await once(this.process, "close")) as [number | null];
    return { lines: this.lines, errors: this.#errors, status };
  }
}
