import { once } from "node:events";

/** Standard output was closed by its reader. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

let failure: Error | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  failure ??= error.code === "EPIPE" ? new OutputClosed("standard output was closed") : error;
});

/** Writes to standard output and waits while its reader is slow. Throws OutputClosed when nobody reads it any more. */
export async function print(text: string): Promise<void> {
  if (failure) throw failure;
  if (process.stdout.write(text)) return;
  await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]);
  if (failure) throw failure as Error;
}

/** One JSON Lines record. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value)}\n`);
}

/** Whether standard output is for a person: a terminal, and `--json` was not asked for. */
export function forPeople(options: { readonly json?: unknown }): boolean {
  return process.stdout.isTTY && options.json !== true;
}
