import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Whether strace is here and may be used. */
export const hasStrace: boolean =
  spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]).status === 0;

/** The calls by which a journal changes what is on disk, and those that it makes on the way to them. */
const SYSTEM_CALLS = [
  "mkdir",
  "openat",
  "getdents64",
  "pread64",
  "write",
  "pwrite64",
  "fdatasync",
  "fsync",
  "rename",
  "unlink",
  "ftruncate",
  "close",
] as const;

/** One call, as often as needed to find it again: the nth of its name on its path in some thread. */
export interface SystemCall {
  readonly name: string;
  readonly path: string;
  readonly ordinal: number;
}

/** A command that runs a program and writes its calls on the paths into the log. */
export function tracing(log: string, paths: readonly string[]): readonly string[] {
  const watched = paths.flatMap((path) => ["-P", path]);
  return [...strace(log), "-y", ...watched, "-e", `trace=${SYSTEM_CALLS.join(",")}`];
}

/**
 * A command that runs a program and lets one call fail with an error, or kills the program when it
 * makes it.
 */
export function injecting(
  log: string,
  { name, path, ordinal }: SystemCall,
  fault: "EIO" | "ENOSPC" | "SIGKILL",
): readonly string[] {
  const kills = fault === "SIGKILL";
  const effect = kills ? "signal=SIGKILL" : `error=${fault}`;
  const inject = `inject=${name}:${effect}:when=${ordinal}`;
  // Filtering in the kernel is faster, but then strace sends no signals.
  const filter = kills ? [] : ["--seccomp-bpf"];
  return [...strace(log), ...filter, "-P", path, "-e", `trace=${name}`, "-e", inject];
}

function strace(log: string): readonly string[] {
  return ["strace", "-f", "-qq", "-o", log];
}

/**
 * The calls in a log that touch what is below the directory; each once, whichever of several
 * threads made it.
 */
export function callsIn(log: string, directory: string): readonly SystemCall[] {
  const counts = new Map<string, number>();
  const calls = new Map<string, SystemCall>();
  for (const line of readFileSync(log, "utf8").split("\n")) {
    const [, thread = "", name = "", rest = ""] = /^([0-9]+) +([a-z0-9]+)\((.*)/.exec(line) ?? [];
    const path = (/"(\/[^"]*)"/.exec(rest) ?? /<(\/[^>]*)>/.exec(rest))?.[1];
    if (path === undefined || !path.startsWith(directory)) continue;
    const key = `${thread} ${name} ${path}`;
    const ordinal = (counts.get(key) ?? 0) + 1;
    counts.set(key, ordinal);
    calls.set(`${name} ${path} ${ordinal}`, { name, path, ordinal });
  }
  return [...calls.values()];
}
