import { SteleError } from "@stele/core/error";

/** Standard output was closed by its reader. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

const { stdout } = process;
let failure: OutputClosed | SteleError | undefined;
/** Resolved when standard output takes more, or never will. */
let room: PromiseWithResolvers<void> | undefined;

stdout.on("error", (error: NodeJS.ErrnoException) => {
  failure ??=
    error.code === "EPIPE" ? new OutputClosed("standard output was closed") : coded(error);
  makeRoom();
});
stdout.on("drain", makeRoom);
stdout.on("close", makeRoom);

function coded(cause: NodeJS.ErrnoException): SteleError {
  const code = cause.code === "ENOSPC" || cause.code === "EDQUOT" ? "DISK_FULL" : "DISK_IO";
  const fix = "free space there, or write it elsewhere";
  return new SteleError(code, `cannot write standard output: ${cause.message}`, { cause, fix });
}

function makeRoom(): void {
  room?.resolve();
  room = undefined;
}

/**
 * Writes to standard output and waits while its reader is slow. Throws OutputClosed when nobody
 * reads it any more, DISK_FULL and DISK_IO when it is a file that takes no more.
 */
export async function print(output: string | Uint8Array): Promise<void> {
  if (failure) throw failure;
  if (stdout.write(output)) return;
  room ??= Promise.withResolvers<void>();
  await room.promise;
  if (failure) throw failure as Error;
}

/** A verdict's exit status, once its words are printed: what it is although nobody reads them. */
export async function conclude(status: number, printing: Promise<void>): Promise<number> {
  try {
    await printing;
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error;
  }
  return status;
}

/** One JSON Lines record. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value)}\n`);
}

/** Whether standard output is for a person: a terminal, and `--json` was not asked for. */
export function forPeople(options: { readonly json?: unknown }): boolean {
  return stdout.isTTY && options.json !== true;
}
