import { makeLedger } from "./ledger.ts";
import type { Options } from "./options.ts";
import { runTrial } from "./process.ts";
import { median } from "./statistics.ts";

/** How long opening for writing takes; the journal was closed cleanly and is in the page cache. */
export interface OpenRow {
  readonly entries: number;
  readonly ledgerMB: number;
  /** What opening has to read: at most one segment. */
  readonly lastSegmentMB: number;
  readonly openMs: number;
  readonly rounds: readonly number[];
}

/** Nearly one segment of 16 MiB: the most that opening a larger journal may have to read. */
export const ONE_SEGMENT = 30_000;
const ENTRIES = [1_000, ONE_SEGMENT, 100_000, 1_000_000];

/** Opens journals of growing size, each time in a new process. */
export async function benchOpen(scratch: string, options: Options): Promise<OpenRow[]> {
  const rows: OpenRow[] = [];
  for (const entries of options.quick ? ENTRIES.slice(0, -1) : ENTRIES) {
    const ledger = await makeLedger(scratch, entries, 256);
    const rounds: number[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      rounds.push(await runTrial<number>("open", { dir: ledger.dir }));
    }
    rows.push({
      entries,
      ledgerMB: ledger.sizeBytes / 1e6,
      lastSegmentMB: ledger.lastSegmentBytes / 1e6,
      openMs: median(rounds),
      rounds,
    });
  }
  return rows;
}
