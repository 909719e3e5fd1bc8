import path from "node:path";
import fs from "node:fs";
import type { Options } from "./options.ts";
import { runTrial } from "./process.ts";
import { median } from "./statistics.ts";
import { formatNumber } from "./table.ts";

/** One figure about questions. NaN where a column does not apply. */
export interface IndexRow {
  readonly entries: number;
  readonly by: "stele" | "sqlite rows" | "jq";
  readonly what: string;
  readonly value: string;
  /** What aims are about: entries/s of making, the ratio of appending; NaN of questions. */
  readonly measured: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What a trial that makes an index and asks it measures. */
export interface IndexCosts {
  readonly entriesPerSecond: number;
  readonly cpuUsPerEntry: number;
  readonly bytesPerEntry: number;
  readonly maxRssMiB: number;
  readonly questions: readonly QuestionCosts[];
}

export interface QuestionCosts {
  readonly what: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Making an index, asking it, and what it costs who appends. */
export async function benchIndex(scratch: string, options: Options): Promise<IndexRow[]> {
  const entries = options.indexEntries;
  const dir = fs.mkdtempSync(path.join(scratch, "mixed-"));
  console.error(`index: filling a journal of ${entries} mixed entries`);
  await runTrial<unknown>("fill-mixed", { dir, entries });
  const rows: IndexRow[] = [];
  const rowsFile = path.join(scratch, "rows.sqlite");
  for (const [by, trial] of [
    ["stele", "index-feed"],
    ["sqlite rows", "index-rows"],
  ] as const) {
    console.error(`index: ${by}`);
    rows.push(
      ...costRows(entries, by, await runTrial<IndexCosts>(trial, { dir, entries, rowsFile })),
    );
  }
  console.error("index: jq");
  const jq = await runTrial<{ readonly ms: number }>("index-jq", { dir });
  const once = { entries, by: "jq", what: "agent and tool, newest 100" } as const;
  rows.push({ ...once, value: "", measured: NaN, p50Ms: jq.ms, p99Ms: jq.ms });
  fs.rmSync(dir, { recursive: true });
  fs.rmSync(rowsFile);
  rows.push(await appendRow(scratch, options));
  return rows.map((row) => ({ ...row, value: row.value || ratios(row, rows) }));
}

/** How many times as long others took for the same, by the medians. */
function ratios({ by, what, p50Ms }: IndexRow, rows: readonly IndexRow[]): string {
  if (by !== "stele") return "";
  const others = rows.filter((row) => row.by !== "stele" && row.what === what);
  return others.map((row) => `${row.by}: × ${formatNumber(row.p50Ms / p50Ms)}`).join(", ");
}

function costRows(entries: number, by: IndexRow["by"], costs: IndexCosts): IndexRow[] {
  const { entriesPerSecond, cpuUsPerEntry, bytesPerEntry, maxRssMiB, questions } = costs;
  const figures = [
    `${Math.round(entriesPerSecond)} entries/s`,
    `cpu ${cpuUsPerEntry.toFixed(1)} µs/entry`,
    `${bytesPerEntry.toFixed(0)} bytes/entry`,
    `RSS ${maxRssMiB.toFixed(0)} MiB`,
  ];
  const making = { what: "making", value: figures.join(", "), measured: entriesPerSecond };
  return [
    { entries, by, ...making, p50Ms: NaN, p99Ms: NaN },
    ...questions.map((question) => ({ entries, by, value: "", measured: NaN, ...question })),
  ];
}

/** Journals with and without an index take turns, and each is compared with its neighbour. */
async function appendRow(scratch: string, options: Options): Promise<IndexRow> {
  const rounds: { readonly off: number; readonly on: number }[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    console.error(`index: appending, round ${round} of ${options.rounds}`);
    const off = await appendRate(scratch, options, false);
    rounds.push({ off, on: await appendRate(scratch, options, true) });
  }
  const measured = median(rounds.map(({ off, on }) => on / off));
  const [on, off] = [
    median(rounds.map((round) => round.on)),
    median(rounds.map((round) => round.off)),
  ];
  const value = `${Math.round(on)} against ${Math.round(off)} entries/s: ${measured.toFixed(2)}`;
  const row = { entries: NaN, by: "stele", what: "appending", value } as const;
  return { ...row, measured, p50Ms: NaN, p99Ms: NaN };
}

async function appendRate(scratch: string, options: Options, index: boolean): Promise<number> {
  const dir = fs.mkdtempSync(path.join(scratch, "append-"));
  const rate = await runTrial<number>("index-append", { dir, index, ms: options.measureMs });
  fs.rmSync(dir, { recursive: true });
  return rate;
}
