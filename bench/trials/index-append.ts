import { createJournal, openJournal } from "@stele/journal";
import { benchEvent } from "../event.ts";
import { answer, trialSpec } from "./answer.ts";

interface AppendSpec {
  readonly dir: string;
  readonly index: boolean;
  readonly ms: number;
}

const { dir, index, ms } = trialSpec() as AppendSpec;
const CALLERS = 256;
const WARM_UP_MS = 300;

await createJournal(dir, { origin: "bench.example/stele", environment: {} });
const journal = await openJournal(dir, { environment: {}, index });
let next = 0;
await appendFor(WARM_UP_MS);
const first = next;
const startMs = performance.now();
await appendFor(ms);
const rate = (1000 * (next - first)) / (performance.now() - startMs);
await journal.close();
answer(rate);

async function appendFor(durationMs: number): Promise<void> {
  const deadlineMs = performance.now() + durationMs;
  const caller = async (): Promise<void> => {
    while (performance.now() < deadlineMs) await journal.append(benchEvent(next++));
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}
