import { execFile } from "node:child_process";
import fs from "node:fs";
import { promisify } from "node:util";
import { makeLedger, type Ledger } from "./ledger.ts";
import type { Options } from "./options.ts";
import { runTrial } from "./process.ts";
import { median } from "./statistics.ts";

const run = promisify(execFile);

/** One way to check one ledger. */
export interface VerifyRow {
  readonly ledger: string;
  readonly method: Method;
  readonly threads: number;
  /** Median of the rounds; MB are 10^6 bytes of ledger. */
  readonly mbps: number;
  readonly rounds: readonly number[];
}

type Method = "sha256sum" | "stele verify";

/** Entries that nearly fill an even number of segments, so that threads get equal shares. */
const ENTRIES = { full: 520_000, quick: 260_000 };
/** The other extreme: one entry to a seal, where checking signatures is nearly all the work. */
const SINGLE_ENTRIES = { full: 20_000, quick: 5_000 };

type Cell = Pick<VerifyRow, "method" | "threads">;

const GROUPED_CELLS: readonly Cell[] = [
  { method: "sha256sum", threads: 1 },
  { method: "stele verify", threads: 1 },
  { method: "sha256sum", threads: 2 },
  { method: "stele verify", threads: 2 },
];
const SINGLE_CELLS: readonly Cell[] = [{ method: "stele verify", threads: 1 }];

/**
 * Verification against coreutils on the same files, all in the page cache. `stele verify` is timed
 * inside its process (so without Node's start), sha256sum with its start; on two threads it is two
 * processes with half of the files each.
 */
export async function benchVerify(scratch: string, options: Options): Promise<VerifyRow[]> {
  const size = options.quick ? "quick" : "full";
  const grouped = await makeLedger(scratch, ENTRIES[size], 256);
  const single = await makeLedger(scratch, SINGLE_ENTRIES[size], 1);
  return [
    ...(await benchLedger(grouped, GROUPED_CELLS, options.rounds)),
    ...(await benchLedger(single, SINGLE_CELLS, options.rounds)),
  ];
}

async function benchLedger(
  ledger: Ledger,
  cells: readonly Cell[],
  rounds: number,
): Promise<VerifyRow[]> {
  const measured = cells.map((cell) => ({ ...cell, rounds: [] as number[] }));
  await sha256sum(ledger.files);
  for (let round = 1; round <= rounds; round++) {
    for (const cell of measured) {
      console.error(`verify, round ${round} of ${rounds}: ${cell.method} × ${cell.threads}`);
      cell.rounds.push(ledger.sizeBytes / 1000 / (await timeCell(cell, ledger)));
    }
  }
  const name = describe(ledger);
  return measured.map((cell) => ({ ledger: name, mbps: median(cell.rounds), ...cell }));
}

async function timeCell({ method, threads }: Cell, ledger: Ledger): Promise<number> {
  if (method === "stele verify") return runTrial("verify", { dir: ledger.dir, threads });
  const shares = Array.from({ length: threads }, (_, share) =>
    ledger.files.filter((_file, at) => at % threads === share),
  );
  const startMs = performance.now();
  await Promise.all(shares.map(sha256sum));
  return performance.now() - startMs;
}

async function sha256sum(files: readonly string[]): Promise<void> {
  await run("sha256sum", [...files]);
}

function describe(ledger: Ledger): string {
  const segments = ledger.files.length;
  const seals = ledger.files
    .map((file) => fs.readFileSync(file, "latin1").split('\n{"seal":').length - 1)
    .reduce((sum, count) => sum + count, 0);
  const megabytes = Math.round(ledger.sizeBytes / 1e6);
  const perSeal = Math.round(ledger.entries / seals);
  return `${megabytes} MB, segments: ${segments}, entries per seal: ${perSeal}`;
}
