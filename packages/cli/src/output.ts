/** Standard output was closed by its reader. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

const { stdout } = process;
let failure: Error | undefined;
/** Resolved when standard output takes more, or never will. */
let room: PromiseWithResolvers<void> | undefined;

stdout.on("error", (error: NodeJS.ErrnoException) => {
  failure ??= error.code === "EPIPE" ? new OutputClosed("standard output was closed") : error;
  makeRoom();
});
stdout.on("drain", makeRoom);
stdout.on("close", makeRoom);

function makeRoom(): void {
  room?.resolve();
  room = undefined;
}

/**
 * Writes to standard output and waits while its reader is slow. Throws OutputClosed when nobody
 * reads it any more.
 */
export async function print(output: string | Uint8Array): Promise<void> {
  if (failure) throw failure;
  if (stdout.write(output)) return;
  room ??= Promise.withResolvers<void>();
  await room.promise;
  if (failure) throw failure as Error;
}

/** One JSON Lines record. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value)}\n`);
}

/** Whether standard output is for a person: a terminal, and `--json` was not asked for. */
export function forPeople(options: { readonly json?: unknown }): boolean {
  return stdout.isTTY && options.json !== true;
}
