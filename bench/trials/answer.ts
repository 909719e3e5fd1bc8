/**
 * Runs in the forked process: takes the spec from the command line, sends the result to the parent
 * and ends.
 */
export async function answer<Spec>(run: (spec: Spec) => Promise<unknown>): Promise<void> {
  const result = await run(JSON.parse(process.argv[2] ?? "null") as Spec);
  process.send?.(result ?? null, () => process.disconnect());
}
