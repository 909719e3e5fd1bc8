import { createHash, createHmac } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Options } from "./options.ts";
import { runTrial } from "./process.ts";
import { median } from "./statistics.ts";
import type { ImportMethod, ImportSpec } from "./trials/import.ts";

/** One way to check one calybris log; the medians of the rounds, MB are 10^6 bytes of the file. */
export interface ImportRow {
  readonly records: number;
  readonly method: ImportMethod;
  readonly recordsPerSecond: number;
  readonly mbps: number;
}

const RECORDS = { full: 400_000, quick: 50_000 };
const METHODS: readonly ImportMethod[] = ["stele", "stele, keyed", "by hand", "floor"];
const KEY = "a key of the benchmark";

/** Checks a calybris log of records of 470 bytes, which is in the page cache, on one thread. */
export async function benchImport(scratch: string, options: Options): Promise<ImportRow[]> {
  const records = RECORDS[options.quick ? "quick" : "full"];
  const plain = writeLog(path.join(scratch, "plain.jsonl"), records, hashPlain);
  const keyed = writeLog(path.join(scratch, "keyed.jsonl"), records, hashKeyed);
  const measured = METHODS.map((method) => ({ method, seconds: [] as number[] }));
  for (let round = 1; round <= options.rounds; round++) {
    for (const { method, seconds } of measured) {
      console.error(`import, round ${round} of ${options.rounds}: ${method}`);
      const isKeyed = method === "stele, keyed";
      const spec: ImportSpec = { method, file: isKeyed ? keyed : plain, key: KEY, records };
      seconds.push(await runTrial<number>("import", spec));
    }
  }
  const megabytes = fs.statSync(plain).size / 1e6;
  return measured.map(({ method, seconds }) => {
    const each = median(seconds);
    return { records, method, recordsPerSecond: records / each, mbps: megabytes / each };
  });
}

/** A log as calybris-core writes it, by the rules of spec/vectors/seeds. */
function writeLog(file: string, records: number, hashOf: (input: string) => string): string {
  const fd = fs.openSync(file, "w");
  let previous = "genesis";
  for (let sequence = 1; sequence <= records; sequence++) {
    const data = JSON.stringify(decision(sequence));
    const entryHash = hashOf(previous + data);
    fs.writeSync(
      fd,
      `{"sequence":${sequence},"previous_hash":"${previous}",` +
        `"entry_hash":"${entryHash}","data":${data}}\n`,
    );
    previous = entryHash;
  }
  fs.closeSync(fd);
  return file;
}

function hashPlain(input: string): string {
  return createHash("sha256").update(input).digest("hex");
}

function hashKeyed(input: string): string {
  return createHmac("sha256", KEY).update(input).digest("hex");
}

function decision(sequence: number): object {
  return {
    request_id: `request-${String(sequence).padStart(12, "0")}`,
    policy: "cost-and-latency",
    verdict: sequence % 7 === 0 ? "substitute" : "admit",
    requested: "gpt-4o",
    chosen: sequence % 7 === 0 ? "gpt-4o-mini" : "gpt-4o",
    cost_micros: 100 + (sequence % 900),
    latency_ms: (sequence % 4001) / 8,
    reasons: ["budget: 42 of 100 used", "latency: within 800 ms", "risk: low"],
    agent: `agent-${sequence % 16}`,
  };
}
