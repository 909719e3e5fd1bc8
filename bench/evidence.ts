import fs from "node:fs";
import path from "node:path";
import { makeLedger } from "./ledger.ts";
import type { Options } from "./options.ts";
import { runTrial } from "./process.ts";
import { median } from "./statistics.ts";

/** What a proof costs, and what nobody could do it without. Medians of the rounds. */
export interface ProofRow {
  readonly entries: number;
  readonly what: "prove" | "check";
  readonly p50Us: number;
  readonly p99Us: number;
  /** The hashes and the signature alone, in a tight loop. */
  readonly floorUs: number;
}

/** How long a journal takes to become a static site. Medians of the rounds. */
export interface PublishRow {
  readonly entries: number;
  readonly ledgerMB: number;
  readonly entriesPerSecond: number;
  /** Hashing the ledger's bytes once, as leaves. */
  readonly floorEntriesPerSecond: number;
  /** The same journal again, with nothing new in it. */
  readonly againMs: number;
}

/** What a trial measures, in microseconds. */
export interface ProofCosts {
  readonly prove: Quantiles;
  readonly check: Quantiles;
}

export interface Quantiles {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly floorUs: number;
}

/** What a trial measures, in milliseconds. */
export interface PublishTimes {
  readonly publishMs: number;
  readonly hashMs: number;
  readonly againMs: number;
}

/** Proofs of entries all over a journal in the page cache. */
export async function benchProofs(scratch: string, options: Options): Promise<ProofRow[]> {
  const entries = options.quick ? 100_000 : 1_000_000;
  const { dir } = await makeLedger(scratch, entries, 256);
  const rounds: ProofCosts[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    console.error(`proofs, round ${round} of ${options.rounds}`);
    rounds.push(await runTrial<ProofCosts>("proofs", { dir, entries }));
  }
  return (["prove", "check"] as const).map((what) => ({
    entries,
    what,
    p50Us: median(rounds.map((round) => round[what].p50Us)),
    p99Us: median(rounds.map((round) => round[what].p99Us)),
    floorUs: median(rounds.map((round) => round[what].floorUs)),
  }));
}

/** Publishing a whole journal into an empty directory, and again. */
export async function benchPublish(scratch: string, options: Options): Promise<PublishRow[]> {
  const entries = options.quick ? 100_000 : 1_000_000;
  const { dir, files, sizeBytes } = await makeLedger(scratch, entries, 256);
  const rounds: PublishTimes[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    console.error(`publish, round ${round} of ${options.rounds}`);
    const out = path.join(scratch, `site-${round}`);
    rounds.push(await runTrial<PublishTimes>("publish", { dir, out, files }));
    fs.rmSync(out, { recursive: true });
  }
  const of = (pick: (times: PublishTimes) => number): number => median(rounds.map(pick));
  return [
    {
      entries,
      ledgerMB: sizeBytes / 1e6,
      entriesPerSecond: (1000 * entries) / of(({ publishMs }) => publishMs),
      floorEntriesPerSecond: (1000 * entries) / of(({ hashMs }) => hashMs),
      againMs: of(({ againMs }) => againMs),
    },
  ];
}
