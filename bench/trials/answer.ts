/** What the parent asks of this forked process. */
export function trialSpec(): unknown {
  return JSON.parse(process.argv[2] ?? "null");
}

/** Sends the result to the parent; the process then ends once nothing else holds it. */
export function answer(result: unknown): void {
  process.send?.(result, () => process.disconnect());
}
