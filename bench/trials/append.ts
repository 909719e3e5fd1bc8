import fs from "node:fs";
import path from "node:path";
import type { Event } from "@stele/journal";
import { CONTENDERS, type ContenderName } from "../contenders/all.ts";
import type { OpenLog } from "../contenders/contender.ts";
import { benchEvent } from "../event.ts";
import { percentile } from "../statistics.ts";
import { answer, trialSpec } from "./answer.ts";

export interface AppendSpec {
  readonly contender: ContenderName;
  readonly inFlight: number;
  readonly dir: string;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface AppendResult {
  readonly entries: number;
  readonly entriesPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly bytesPerEntry: number;
  readonly cpuUsPerEntry: number;
  readonly maxRssMiB: number;
}

/** Ends a trial early, so that a fast one does not fill the disk. */
const MAX_ENTRIES = 1_000_000;

answer(await runAppend(trialSpec() as AppendSpec));

/**
 * A closed loop on one log: `callers`, each of which hands over `batch` events and awaits them
 * before the next.
 */
interface Loop {
  readonly log: OpenLog;
  readonly callers: number;
  readonly batch: number;
  next: number;
}

async function runAppend(spec: AppendSpec): Promise<AppendResult> {
  const contender = await CONTENDERS[spec.contender].load();
  const log = await contender.open(spec.dir);
  const loop: Loop =
    contender.takes === "batch"
      ? { log, callers: 1, batch: spec.inFlight, next: 0 }
      : { log, callers: spec.inFlight, batch: 1, next: 0 };
  await runLoop(loop, spec.warmUpMs);
  const measured = await measure(loop, spec.measureMs);
  await log.close();
  return { ...measured, bytesPerEntry: allocatedBytes(spec.dir) / loop.next };
}

async function measure(loop: Loop, ms: number): Promise<Omit<AppendResult, "bytesPerEntry">> {
  const first = loop.next;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const latencies = await runLoop(loop, ms);
  const elapsedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  const entries = loop.next - first;
  const maxRssMiB = process.resourceUsage().maxRSS / 1024;
  const sorted = latencies.toSorted();
  return {
    entries,
    entriesPerSecond: (entries / elapsedMs) * 1000,
    cpuUsPerEntry: (cpu.user + cpu.system) / entries,
    maxRssMiB,
    p50Us: percentile(sorted, 0.5) * 1000,
    p99Us: percentile(sorted, 0.99) * 1000,
  };
}

/**
 * Appends until the time is up and nothing is in flight, and returns each call's latency in
 * milliseconds.
 */
async function runLoop(loop: Loop, ms: number): Promise<Float64Array> {
  const latenciesMs = new Float64Array(MAX_ENTRIES / loop.batch);
  const deadlineMs = performance.now() + ms;
  let calls = 0;
  const call = async (): Promise<void> => {
    let startMs = performance.now();
    while (startMs < deadlineMs && calls < latenciesMs.length - loop.callers) {
      await loop.log.append(nextEvents(loop));
      const endMs = performance.now();
      latenciesMs[calls++] = endMs - startMs;
      startMs = endMs;
    }
  };
  await Promise.all(Array.from({ length: loop.callers }, call));
  return latenciesMs.subarray(0, calls);
}

function nextEvents(loop: Loop): Event[] {
  const events: Event[] = [];
  for (let i = 0; i < loop.batch; i++) events.push(benchEvent(loop.next++));
  return events;
}

/** What the files below the directory take on the disk: blocks in use, not lengths. */
function allocatedBytes(dir: string): number {
  const names = fs.readdirSync(dir, { recursive: true, encoding: "utf8" });
  const blocks = names.map((name) => fs.statSync(path.join(dir, name)).blocks);
  return blocks.reduce((sum, count) => sum + count * 512, 0);
}
