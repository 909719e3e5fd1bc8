import fs from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { createJournal, openJournal, openReader, type Journal } from "@stele/journal";
import { benchEvent } from "./event.ts";

/**
 * No key from outside: each journal gets its own in the configuration directory, which run.ts
 * moves.
 */
const ENVIRONMENT = {};

/** A new journal in an empty directory, open for writing, with every option at its default. */
export async function createBenchJournal(dir: string): Promise<Journal> {
  await createJournal(dir, { origin: "bench.example/stele", environment: ENVIRONMENT });
  return openJournal(dir, { environment: ENVIRONMENT });
}

/** Makes and closes a journal of that many entries, written by `inFlight` concurrent callers. */
export async function fillJournal(dir: string, entries: number, inFlight: number): Promise<void> {
  await using journal = await createBenchJournal(dir);
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < entries) await journal.append(benchEvent(next++));
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  await tilesAreThere(dir, Math.floor(entries / 256));
}

/** A program that goes on gets its tiles soon; one that ends at once leaves some to the next. */
async function tilesAreThere(dir: string, count: number): Promise<void> {
  for (;;) {
    const names = fs.readdirSync(path.join(dir, "tile/0"), { recursive: true });
    if (names.filter((name) => /(^|\/)[0-9]{3}$/.test(String(name))).length >= count) return;
    await setTimeout(100);
  }
}

/** How long opening for writing takes, in milliseconds. */
export async function timeOpening(dir: string): Promise<number> {
  const startMs = performance.now();
  await using _journal = await openJournal(dir, { environment: ENVIRONMENT });
  return performance.now() - startMs;
}

/** How long a full verification takes, in milliseconds. Throws unless the journal is intact. */
export async function timeVerifying(dir: string, threads: number): Promise<number> {
  const reader = await openReader(dir);
  const startMs = performance.now();
  const { verdict } = await reader.verify({ threads });
  const verifyMs = performance.now() - startMs;
  if (verdict !== "intact") throw new Error(`verify says ${verdict}`);
  return verifyMs;
}
