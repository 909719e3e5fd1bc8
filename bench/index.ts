import path from "node:path";
import fs from "node:fs";
import { makeLedger } from "./ledger.ts";
import type { Options } from "./options.ts";
import { runTrial } from "./process.ts";
import { median } from "./statistics.ts";

/** One figure about questions. NaN where a column does not apply. */
export interface IndexRow {
  readonly entries: number;
  readonly by: "stele" | "sqlite rows" | "jq";
  readonly what: string;
  readonly value: string;
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
  const { dir } = await makeLedger(scratch, entries, 256);
  const rows: IndexRow[] = [];
  for (const [by, trial] of [
    ["stele", "index-feed"],
    ["sqlite rows", "index-rows"],
  ] as const) {
    console.error(`index: ${by}`);
    const rowsFile = path.join(scratch, "rows.sqlite");
    rows.push(
      ...costRows(entries, by, await runTrial<IndexCosts>(trial, { dir, entries, rowsFile })),
    );
  }
  console.error("index: jq");
  const jq = await runTrial<{ readonly ms: number }>("index-jq", { dir });
  const once = { entries, by: "jq", what: "agent and tool, newest 100" } as const;
  rows.push({ ...once, value: "", p50Ms: jq.ms, p99Ms: jq.ms });
  rows.push(await appendRow(scratch, options));
  fs.rmSync(dir, { recursive: true });
  return rows;
}

function costRows(entries: number, by: IndexRow["by"], costs: IndexCosts): IndexRow[] {
  const { entriesPerSecond, cpuUsPerEntry, bytesPerEntry, maxRssMiB, questions } = costs;
  const figures = [
    `${Math.round(entriesPerSecond)} entries/s`,
    `cpu ${cpuUsPerEntry.toFixed(1)} µs/entry`,
    `${bytesPerEntry.toFixed(0)} bytes/entry`,
    `RSS ${maxRssMiB.toFixed(0)} MiB`,
  ];
  const making = { entries, by, what: "making", value: figures.join(", ") };
  return [
    { ...making, p50Ms: NaN, p99Ms: NaN },
    ...questions.map((question) => ({ entries, by, value: "", ...question })),
  ];
}

/** Journals with and without an index take turns. */
async function appendRow(scratch: string, options: Options): Promise<IndexRow> {
  const rates = { on: [] as number[], off: [] as number[] };
  for (let round = 1; round <= options.rounds; round++) {
    console.error(`index: appending, round ${round} of ${options.rounds}`);
    for (const index of [false, true]) {
      const dir = fs.mkdtempSync(path.join(scratch, "append-"));
      const spec = { dir, index, ms: options.measureMs };
      rates[index ? "on" : "off"].push(await runTrial<number>("index-append", spec));
      fs.rmSync(dir, { recursive: true });
    }
  }
  const [on, off] = [median(rates.on), median(rates.off)];
  const value = `${Math.round(on)} ÷ ${Math.round(off)} = ${(on / off).toFixed(2)}`;
  return { entries: NaN, by: "stele", what: "appending", value, p50Ms: NaN, p99Ms: NaN };
}
