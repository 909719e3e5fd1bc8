import { fork } from "node:child_process";
import { once } from "node:events";

/** No trial may take longer; a hung one is killed and reported as failed. */
const TIMEOUT_MS = 1_800_000;

/**
 * Runs one trial in a process of its own and returns what it answers. The child gets no execution
 * flags, so that the packages resolve to what is shipped (`dist`). Rejects with the last line of
 * its standard error when it fails.
 */
export async function runTrial<Result>(trial: TrialName, spec: object): Promise<Result> {
  const child = fork(new URL(`trials/${trial}.ts`, import.meta.url), [JSON.stringify(spec)], {
    execArgv: [],
    stdio: ["ignore", "inherit", "pipe", "ipc"],
    timeout: TIMEOUT_MS,
  });
  let result: { readonly value: Result } | undefined;
  let errors = "";
  child.on("message", (value) => (result = { value: value as Result }));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [status] = (await once(child, "close")) as [number | null];
  if (status === 0 && result !== undefined) return result.value;
  throw new Error(`${trial} trial failed: ${errorLine(errors)}`);
}

export type TrialName =
  | "append"
  | "verify"
  | "open"
  | "proofs"
  | "publish"
  | "fill"
  | "fill-mixed"
  | "costs"
  | "guard"
  | "import"
  | "index-feed"
  | "index-rows"
  | "index-jq"
  | "index-append";

function errorLine(errors: string): string {
  const lines = errors.split("\n");
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(0) ?? "";
}
