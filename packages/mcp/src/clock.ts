import { setTimeout } from "node:timers/promises";

/** Time, passed in so that tests own it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. May jump, in either direction. */
  nowMs(): number;
  /** Milliseconds since some moment. Never goes back. */
  monotonicMs(): number;
  /** An aborted delay rejects. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  delay: (ms, signal) => setTimeout(ms, undefined, signal ? { signal } : {}),
};
