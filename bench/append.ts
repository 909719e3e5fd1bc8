import fs from "node:fs";
import path from "node:path";
import type { ContenderName } from "./contenders/all.ts";
import type { Options } from "./options.ts";
import { runTrial } from "./process.ts";
import { median, spread } from "./statistics.ts";
import type { AppendResult, AppendSpec } from "./trials/append.ts";

/** A contender with that many appends in flight. */
export interface AppendRow {
  readonly contender: ContenderName;
  readonly inFlight: number;
  /** Each figure's own median, since no single round need be the middle one in all of them. */
  readonly median: AppendResult;
  /** Half the distance between the slowest and the fastest round, as a share of the median. */
  readonly spread: number;
  readonly rounds: readonly AppendResult[];
  /** Rounds that could not be measured; standard error said why. */
  readonly failures: number;
}

const IN_FLIGHT = [1, 16, 256, 4096];
const GROUPING: readonly ContenderName[] = [
  "stele",
  "bare",
  "floor",
  "hypercore",
  "sqlite",
  "pino",
];
const SERIAL: readonly ContenderName[] = ["jsonl"];

interface Cell {
  readonly contender: ContenderName;
  readonly inFlight: number;
  readonly rounds: AppendResult[];
  failures: number;
}

/** Runs the whole grid once a round, so that a change in the machine's mood meets everybody. */
export async function benchAppend(scratch: string, options: Options): Promise<AppendRow[]> {
  const cells = emptyGrid();
  for (let round = 1; round <= options.rounds; round++) {
    for (const cell of cells) {
      const { contender, inFlight } = cell;
      console.error(`append, round ${round} of ${options.rounds}: ${contender} × ${inFlight}`);
      await runCell(scratch, options, cell);
    }
  }
  return cells.map(summarize);
}

function emptyGrid(): Cell[] {
  return IN_FLIGHT.flatMap((inFlight) =>
    [...GROUPING, ...(inFlight === 1 ? SERIAL : [])].map((contender) => ({
      contender,
      inFlight,
      rounds: [],
      failures: 0,
    })),
  );
}

/** A contender that fails (a native module that does not load, say) costs its row, not the run. */
async function runCell(scratch: string, options: Options, cell: Cell): Promise<void> {
  const { contender, inFlight } = cell;
  const { warmUpMs, measureMs } = options;
  const dir = fs.mkdtempSync(path.join(scratch, `${contender}-`));
  const spec: AppendSpec = { contender, inFlight, dir, warmUpMs, measureMs };
  try {
    cell.rounds.push(await runTrial<AppendResult>("append", spec));
  } catch (error) {
    cell.failures++;
    console.error(`  ${(error as Error).message}`);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

function summarize(cell: Cell): AppendRow {
  return {
    ...cell,
    median: medianResult(cell.rounds),
    spread: spread(cell.rounds.map((round) => round.entriesPerSecond)),
  };
}

function medianResult(rounds: readonly AppendResult[]): AppendResult {
  const middle = (figure: keyof AppendResult): number => median(rounds.map((r) => r[figure]));
  return {
    entries: middle("entries"),
    entriesPerSecond: middle("entriesPerSecond"),
    p50Us: middle("p50Us"),
    p99Us: middle("p99Us"),
    bytesPerEntry: middle("bytesPerEntry"),
    cpuUsPerEntry: middle("cpuUsPerEntry"),
    maxRssMiB: middle("maxRssMiB"),
  };
}
