import assert from "node:assert/strict";
import { SteleError } from "@stele/journal";
import { SimulatedDisk } from "@stele/store/testing";
import { checkAftermath, live, Witnessed } from "./scenario.ts";

/** What is done to the disk at a call, and what the next opening finds. */
export interface Fault {
  readonly name: string;
  /** The only kind of call that it can befall; default: any. */
  readonly operation?: string;
  readonly plan: (disk: SimulatedDisk, call: number) => void;
  readonly aftermath: (disk: SimulatedDisk, seed: number) => SimulatedDisk;
}

/** What can befall a disk. */
export const FAULTS: readonly Fault[] = [
  {
    name: "a power cut",
    plan: (disk, call) => disk.crashAt(call),
    aftermath: (disk, seed) => disk.crash(seed),
  },
  {
    name: "the death of the process",
    plan: (disk, call) => disk.crashAt(call),
    aftermath: (disk) => disk.kill(),
  },
  {
    name: "a call that fails before its effect",
    plan: (disk, call) => disk.failAt(call, { when: "before", error: "DISK_IO" }),
    aftermath: killOrCrash,
  },
  {
    name: "a call that fails after its effect",
    plan: (disk, call) => disk.failAt(call, { when: "after", error: "DISK_FULL" }),
    aftermath: killOrCrash,
  },
  {
    name: "a short write",
    operation: "write",
    plan: (disk, call) => disk.shortWriteAt(call, (call * 13) % 64),
    aftermath: killOrCrash,
  },
  {
    name: "a failed sync, after which the page cache lies",
    operation: "sync",
    plan: (disk, call) => disk.dropSyncAt(call),
    aftermath: (disk) => disk.kill(),
  },
];

function killOrCrash(disk: SimulatedDisk, seed: number): SimulatedDisk {
  return seed % 2 === 0 ? disk.kill() : disk.crash(seed);
}

/**
 * Crashes at the calls of the lives with these seeds, one call after the other, until `points` were
 * tried.
 */
export async function crashAtMany(
  seeds: { readonly first: number; readonly step: number },
  points: number,
): Promise<void> {
  let tried = 0;
  for (let seed = seeds.first; tried < points; seed += seeds.step) {
    const operations = await traceLife(seed);
    for (let call = 0; call < operations.length && tried < points; call++, tried++) {
      const possible = FAULTS.filter(
        ({ operation }) => operation === undefined || operation === operations[call],
      );
      const fault = possible[(seed + call) % possible.length]!;
      await replayable(`STELE_CRASH_SEED=${seed}: ${fault.name} at call ${call}`, () =>
        crashOnce({ seed, call, fault }),
      );
    }
  }
}

/** The calls that the life makes when nothing fails. */
async function traceLife(seed: number): Promise<readonly string[]> {
  const disk = new SimulatedDisk();
  await live(disk, seed, new Witnessed());
  return disk.trace.map(({ operation }) => operation);
}

async function crashOnce(point: {
  readonly seed: number;
  readonly call: number;
  readonly fault: Fault;
}): Promise<void> {
  const { seed, call, fault } = point;
  const witnessed = new Witnessed();
  const disk = new SimulatedDisk();
  fault.plan(disk, call);
  await live(disk, seed, witnessed).catch(assertCoded);
  let left = fault.aftermath(disk, seed * 1000 + call);
  if (call % 3 === 0) left = await crashAgain(left, { seed, call, witnessed });
  await checkAftermath(left, seed, witnessed);
  // What recovery believed must be on stable storage by now.
  await checkAftermath(left.crash(seed + call), seed, witnessed);
}

/** The power fails again during the recovery, or soon after it. */
async function crashAgain(
  disk: SimulatedDisk,
  point: { readonly seed: number; readonly call: number; readonly witnessed: Witnessed },
): Promise<SimulatedDisk> {
  const { seed, call, witnessed } = point;
  disk.crashAt((call * 7) % 60);
  await live(disk, seed + 1, witnessed).catch(assertCoded);
  return disk.crash(seed + call);
}

function assertCoded(error: unknown): void {
  assert.ok(error instanceof SteleError, `an uncoded error: ${String(error)}`);
}

async function replayable(place: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (cause) {
    throw new Error(`${place}: ${(cause as Error).message}`, { cause });
  }
}

// Run as a program: first seed, step between seeds, points.
if (import.meta.main) {
  const [first = 1, step = 1, points = 100] = process.argv.slice(2).map(Number);
  await crashAtMany({ first, step }, points);
}
