import fs from "node:fs";
import path from "node:path";
import { renderReport } from "./report.ts";
import type { Run } from "./figures.ts";

const RESULTS = path.join(import.meta.dirname, "results");

/** Writes every round of the run as JSON, with four significant digits. */
export function writeJson(file: string, run: Run): void {
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(4)) : value;
  fs.writeFileSync(file, `${JSON.stringify(run, rounded, 2)}\n`);
}

/** Replaces the table that the repository keeps, and adds the run's JSON beside it. */
export function keepResults(run: Run): void {
  const name = `${run.date.slice(0, 10)}-${machineName(run)}`;
  writeJson(path.join(RESULTS, `${name}.json`), run);
  const head =
    "# Results of the last full run\n\nHow to read them: [../README.md](../README.md).\n\n";
  fs.writeFileSync(path.join(RESULTS, "README.md"), head + renderReport(run));
}

function machineName({ machine }: Run): string {
  const cpu = machine.cpu.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return `${cpu}-${machine.cores}-cores`;
}
