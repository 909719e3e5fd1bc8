import { openMemoryJournal } from "@stele/journal/memory";
import type { GuardedCall, GuardLimits } from "@stele/journal/sessions";
import { percentile } from "../statistics.ts";
import { answer, trialSpec } from "./answer.ts";

export interface GuardSpec {
  /** Checks that are measured. */
  readonly checks: number;
  /** Calls that the session holds before. */
  readonly history: number;
}

export interface GuardResult {
  readonly checksPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** `guard.call`: decided, counted and acknowledged, a hundred in flight, in memory. */
  readonly callsPerSecond: number;
}

const TOOLS = Array.from({ length: 50 }, (_, n) => `tool-${n}`);

/** Every kind of limit, none of which a call reaches. */
const LIMITS: GuardLimits = {
  maxBytesRead: 2n ** 60n,
  maxBytesWritten: 2n ** 60n,
  maxCostMicros: 2n ** 60n,
  maxTokens: 2n ** 60n,
  maxCalls: 2 ** 40,
  maxCallsPerTool: 2 ** 40,
  maxDepth: 8,
  denyTools: ["rm", "mkfs"],
  allowTools: TOOLS,
  denySequences: [
    ["never", "tool-1"],
    ["tool-2", "never", "tool-3"],
  ],
  denyTransitions: [["never", "tool-4"]],
  requireBefore: { deploy: ["tool-1"] },
};

answer(await runGuard((trialSpec() ?? { checks: 200_000, history: 20_000 }) as GuardSpec));

async function runGuard({ checks, history }: GuardSpec): Promise<GuardResult> {
  await using journal = await openMemoryJournal({ maxEntries: 1000 });
  const session = await journal.session("s");
  const guard = session.guard(LIMITS);
  const startMs = performance.now();
  for (let n = 0; n < history; n += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => guard.call(callOf(n + i))));
  }
  const callsPerSecond = (history / (performance.now() - startMs)) * 1000;
  const times = new Float64Array(checks);
  for (let n = 0; n < checks / 10; n++) guard.check(callOf(n));
  const beganMs = performance.now();
  for (let n = 0; n < checks; n++) {
    const call = callOf(n);
    const before = performance.now();
    if (!guard.check(call).allowed) throw new Error("the limits are not to be reached");
    times[n] = performance.now() - before;
  }
  const elapsedMs = performance.now() - beganMs;
  const sorted = times.toSorted();
  return {
    checksPerSecond: (checks / elapsedMs) * 1000,
    p50Us: percentile(sorted, 0.5) * 1000,
    p99Us: percentile(sorted, 0.99) * 1000,
    p999Us: percentile(sorted, 0.999) * 1000,
    callsPerSecond,
  };
}

function callOf(n: number): GuardedCall {
  const tool = TOOLS[n % TOOLS.length]!;
  return {
    tool,
    server: "s",
    bytesRead: n % 4096,
    inputTokens: 10,
    outputTokens: 5,
    costMicros: 3,
  };
}
