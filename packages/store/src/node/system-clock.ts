import { setImmediate, setTimeout } from "node:timers/promises";
import type { Clock } from "../disk.ts";

/** The machine's clock. An aborted delay rejects with an AbortError. */
export const systemClock: Clock = {
  nowMs: Date.now,
  turn: () => setImmediate(),
  delay: (ms, signal) => setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
  idleDelay: (ms, signal) =>
    setTimeout(ms, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) }),
};
