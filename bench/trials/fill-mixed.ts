import { createJournal, openJournal } from "@stele/journal";
import { nodeDisk, nodeEd25519, nodeHasher, systemClock, systemRandom } from "@stele/store/node";
import { mixedEvent } from "../mixed-event.ts";
import { answer, trialSpec } from "./answer.ts";

// A journal of mixed events, as if they had come over weeks: the clock goes by their number.

interface FillSpec {
  readonly dir: string;
  readonly entries: number;
}

const { dir, entries } = trialSpec() as FillSpec;
const CALLERS = 256;
const FIRST_MS = Date.UTC(2026, 0, 1);
const MS_PER_EVENT = 250;

let next = 0;
const world = {
  disk: nodeDisk(),
  clock: { ...systemClock, nowMs: () => FIRST_MS + next * MS_PER_EVENT },
  random: systemRandom,
  primitives: { ...nodeHasher, ...nodeEd25519 },
};
await createJournal(dir, { origin: "bench.example/stele", environment: {} });
const journal = await openJournal(dir, { environment: {}, index: false, world });
const startMs = performance.now();
const caller = async (): Promise<void> => {
  while (next < entries) await journal.append(mixedEvent(next++));
};
await Promise.all(Array.from({ length: CALLERS }, caller));
await journal.close();
answer({ entriesPerSecond: (1000 * entries) / (performance.now() - startMs) });
