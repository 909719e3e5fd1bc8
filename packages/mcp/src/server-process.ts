import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";

/** A server that runs. */
export interface RunningServer {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the process has ended; its output may still be under way. */
  readonly exited: Promise<Exit>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

export interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Starts the server, whose standard error goes to `stderr`. Rejects with what the system says when
 * it cannot be started (ENOENT, EACCES, ...).
 */
export async function startServer(
  command: string,
  args: readonly string[],
  stderr: Writable,
): Promise<RunningServer> {
  const inherits = stderr === process.stderr;
  const child = spawn(command, args, { stdio: ["pipe", "pipe", inherits ? "inherit" : "pipe"] });
  const exited = exitOf(child);
  await once(child, "spawn");
  child.stderr?.pipe(stderr, { end: false });
  // A process that the server started may hold it open for ever.
  void exited.then(() => (child.stderr as Socket | null)?.unref());
  return {
    pid: child.pid!,
    stdin: child.stdin!,
    stdout: child.stdout!,
    exited,
    kill: (signal) => void child.kill(signal),
  };
}

/** The exit status by which a shell would report the end of a process. */
export function exitStatus({ exitCode, signal }: Exit): number {
  return exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** The exit status by which a shell would report that a command cannot be started. */
export function failedStartStatus(error: unknown): number {
  return (error as NodeJS.ErrnoException).code === "ENOENT" ? 127 : 126;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.on("exit", (exitCode, signal) => resolve({ exitCode, signal }));
    // A failed start is reported to who waits for "spawn"; a failed kill is of no consequence.
    child.on("error", () => undefined);
  });
}
