import type { ContenderName } from "./contenders/all.ts";
import { ONE_SEGMENT } from "./open.ts";
import { appendFigures, GROUP, type Run } from "./figures.ts";
import type { ImportMethod } from "./trials/import.ts";

/** What we set out to reach, and what was measured. */
export interface Aim {
  readonly name: string;
  readonly target: number;
  /** Whether the target is the least that will do, or the most. */
  readonly atLeast: boolean;
  readonly measured: number;
  /** The same figure for the floor; NaN where that makes no sense. */
  readonly floor: number;
  readonly met: boolean;
}

/** Judges the aims whose figures the run has. */
export function judgeAims(run: Run): Aim[] {
  const aims = [
    {
      name: `entries/s, ${GROUP} in flight`,
      target: 150_000,
      atLeast: true,
      measured: rate(run, "stele"),
      floor: rate(run, "floor"),
    },
    rateAim(run, "hypercore", 3),
    rateAim(run, "sqlite", 1.4),
    rateAim(run, "pino", 1.5),
    { ...rateAim(run, "bare", 0.85), floor: NaN },
    {
      name: "a guard's check, p99 µs",
      target: 20,
      atLeast: false,
      measured: run.guard[0]?.p99Us ?? NaN,
      floor: NaN,
    },
    importAim(run, "stele", "records/s of a calybris log checked"),
    importAim(run, "stele, keyed", "the same with a key"),
    {
      name: "one at a time: p50 ÷ (2 × floor's + a signature)",
      target: 1,
      atLeast: false,
      measured: latency(run, "stele") / (2 * latency(run, "floor") + run.costs.sign),
      floor: NaN,
    },
    ...indexAims(run),
    verifyAim(run, 1, 0.8),
    verifyAim(run, 2, 1.4),
    {
      name: "opening: 1 M entries ÷ one full segment",
      target: 1.5,
      atLeast: false,
      measured: openMs(run, 1_000_000) / openMs(run, ONE_SEGMENT),
      floor: NaN,
    },
  ];
  return aims
    .filter((aim) => !Number.isNaN(aim.measured))
    .map((aim) => ({
      ...aim,
      met: aim.atLeast ? aim.measured >= aim.target : aim.measured <= aim.target,
    }));
}

function rateAim(run: Run, rival: ContenderName, target: number): Omit<Aim, "met"> {
  return {
    name: `× ${rival}, ${GROUP} in flight`,
    target,
    atLeast: true,
    measured: rate(run, "stele") / rate(run, rival),
    floor: rate(run, "floor") / rate(run, rival),
  };
}

function indexAims({ index }: Run): Omit<Aim, "met">[] {
  const stele = index.filter(({ by }) => by === "stele");
  const measured = (what: string): number =>
    stele.find((row) => row.what === what)?.measured ?? NaN;
  const worst = (isAsked: (what: string) => boolean): number => {
    const p99s = stele.filter((row) => isAsked(row.what)).map(({ p99Ms }) => p99Ms);
    const known = p99s.filter((p99) => !Number.isNaN(p99));
    return known.length === 0 ? NaN : Math.max(...known);
  };
  const isSum = (what: string): boolean => what.startsWith("sums");
  const isCold = (what: string): boolean => what.includes("cached");
  return [
    {
      name: "index: entries/s of making it",
      target: 50_000,
      atLeast: true,
      measured: measured("making"),
      floor: NaN,
    },
    {
      name: "index: appending with ÷ without",
      target: 0.9,
      atLeast: true,
      measured: measured("appending"),
      floor: NaN,
    },
    {
      name: "index: the slowest question, p99 ms",
      target: 20,
      atLeast: false,
      measured: worst((what) => !isSum(what) && !isCold(what)),
      floor: NaN,
    },
    {
      name: "index: the slowest sums, ms",
      target: 50,
      atLeast: false,
      measured: worst(isSum),
      floor: NaN,
    },
  ];
}

function verifyAim(run: Run, threads: number, target: number): Omit<Aim, "met"> {
  const mbps = (method: string, count: number): number =>
    run.verify.find((row) => row.method === method && row.threads === count)?.mbps ?? NaN;
  return {
    name: `verify, threads: ${threads}, ÷ one sha256sum`,
    target,
    atLeast: true,
    measured: mbps("stele verify", threads) / mbps("sha256sum", 1),
    floor: NaN,
  };
}

/** Twice what the original reaches on a machine of this kind. */
function importAim(run: Run, method: ImportMethod, name: string): Omit<Aim, "met"> {
  const of = (by: ImportMethod): number =>
    run.import.find((row) => row.method === by)?.recordsPerSecond ?? NaN;
  return { name, target: 200_000, atLeast: true, measured: of(method), floor: of("floor") };
}

function rate(run: Run, contender: ContenderName): number {
  return appendFigures(run, contender, GROUP)?.entriesPerSecond ?? NaN;
}

function latency(run: Run, contender: ContenderName): number {
  return appendFigures(run, contender, 1)?.p50Us ?? NaN;
}

function openMs(run: Run, entries: number): number {
  return run.open.find((row) => row.entries === entries)?.openMs ?? NaN;
}
