import type { Clock } from "../disk.ts";
import { systemClock } from "../node/system-clock.ts";

interface Sleeper {
  readonly wakeMs: number;
  wake(): void;
}

/**
 * A clock that moves only when told to. Delays end in the order of their times, whatever the wall
 * clock does.
 */
export class SimulatedClock implements Clock {
  #wallMs: number;
  #elapsedMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  turn(): Promise<void> {
    return systemClock.turn();
  }

  delay(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#sleepers.delete(sleeper);
        reject(new DOMException("The delay was aborted", "AbortError"));
      };
      const wake = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const sleeper = { wakeMs: this.#elapsedMs + ms, wake };
      if (signal?.aborted) return abort();
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  idleDelay(ms: number, signal?: AbortSignal): Promise<void> {
    return this.delay(ms, signal);
  }

  /** Lets time pass: ends the delays that are due, and everything that they set off at once. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.wakeMs > endMs) break;
      this.#pass(next.wakeMs - this.#elapsedMs);
      this.#sleepers.delete(next);
      next.wake();
      await this.turn();
    }
    this.#pass(endMs - this.#elapsedMs);
  }

  /** Sets the wall clock forward or back; delays do not notice. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  #earliest(): Sleeper | undefined {
    let earliest: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (earliest === undefined || sleeper.wakeMs < earliest.wakeMs) earliest = sleeper;
    }
    return earliest;
  }

  #pass(ms: number): void {
    this.#elapsedMs += ms;
    this.#wallMs += ms;
  }
}
