// When the parent has the result, or is gone, nobody waits for this process any more.
process.once("disconnect", () => process.exit());

/** What the parent asks of this forked process. */
export function trialSpec(): unknown {
  return JSON.parse(process.argv[2] ?? "null");
}

/** Sends the result to the parent and ends the process. */
export function answer(result: unknown): void {
  process.send?.(result, () => process.disconnect());
}
