import fs from "node:fs";
import path from "node:path";
import { runTrial } from "./process.ts";

/** A journal made for measuring. */
export interface Ledger {
  readonly dir: string;
  readonly entries: number;
  /** The segments in order. */
  readonly files: readonly string[];
  readonly sizeBytes: number;
  readonly lastSegmentBytes: number;
}

/** Fills a new journal below the scratch directory, in a process of its own. */
export async function makeLedger(
  scratch: string,
  entries: number,
  inFlight: number,
): Promise<Ledger> {
  console.error(`filling a journal of ${entries} entries, ${inFlight} in flight`);
  const dir = fs.mkdtempSync(path.join(scratch, "ledger-"));
  await runTrial<unknown>("fill", { dir, entries, inFlight });
  const names = fs.readdirSync(path.join(dir, "ledger")).toSorted();
  const files = names.map((name) => path.join(dir, "ledger", name));
  const sizes = files.map((file) => fs.statSync(file).size);
  const sizeBytes = sizes.reduce((sum, size) => sum + size, 0);
  return { dir, entries, files, sizeBytes, lastSegmentBytes: sizes.at(-1) ?? 0 };
}
