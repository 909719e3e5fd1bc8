import { SteleError } from "@stele/core/error";
import type { ErrorCode } from "@stele/core/error";
import { Refusal } from "./refusal.ts";

/** One call on the simulated disk, or one step of a run. */
export interface SimulatedCall {
  readonly operation: string;
  readonly path: string;
  /** The new path of a rename. */
  readonly to?: string;
  /** Where a read or write starts. */
  readonly offsetBytes?: number;
  /** How much is read or written, or what a file is truncated to. */
  readonly sizeBytes?: number;
}

/** A call and what came of it. */
export interface TracedCall extends SimulatedCall {
  readonly outcome: "done" | ErrorCode;
}

/** How a call is made to fail. */
export type Fault =
  | { readonly when: "before" | "after"; readonly error: ErrorCode }
  | { readonly when: "partway"; readonly takenBytes: number }
  | { readonly when: "dropping" }
  | { readonly when: "crash" };

/** What a call does, and what it does when it is made to fail in a way of its own. */
export interface Effect<T> {
  readonly whole: () => T;
  /** A write that takes only the first bytes. */
  readonly partly?: (takenBytes: number) => void;
  /** A sync that fails, and after which nothing counts as unsynced any more. */
  readonly drop?: () => void;
  /** Makes changes durable, and shows no other effect. */
  readonly isSync?: boolean;
}

/** A call with its effect, ready to be performed. */
export interface Action<T> {
  readonly call: SimulatedCall;
  readonly effect: Effect<T>;
}

/** Numbers the calls from 0 on, keeps the trace, and makes the calls fail that were chosen to. */
export class SimulatedCalls {
  readonly #trace: TracedCall[] = [];
  readonly #faults = new Map<number, Fault>();
  #crashed = false;

  get trace(): readonly TracedCall[] {
    return this.#trace;
  }

  plan(index: number, fault: Fault): void {
    this.#faults.set(index, fault);
  }

  perform<T>({ call, effect }: Action<T>): T {
    if (this.#crashed) throw coded(call, new Refusal("DISK_IO", "the machine has crashed"));
    try {
      const result = this.#withFault(effect, this.#faults.get(this.#trace.length));
      this.#trace.push({ ...call, outcome: "done" });
      return result;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#trace.push({ ...call, outcome: error.code });
      throw coded(call, error);
    }
  }

  #withFault<T>(effect: Effect<T>, fault: Fault | undefined): T {
    switch (fault?.when) {
      case undefined:
        return effect.whole();
      case "before":
        throw new Refusal(fault.error, "made to fail before its effect");
      case "after":
        effect.whole();
        throw new Refusal(fault.error, "made to fail after its effect");
      case "partway":
        applicable(effect.partly)(fault.takenBytes);
        throw new Refusal("DISK_SHORT_WRITE", `only ${fault.takenBytes} bytes were taken`);
      case "dropping":
        applicable(effect.drop)();
        throw new Refusal("DISK_IO", "made to fail and to drop what was unsynced");
      case "crash":
        this.#crashed = true;
        // Whether a sync that was cut off came to its end is left to the crash, change by change.
        if (!effect.isSync) effect.whole();
        throw new Refusal("DISK_IO", "the machine crashed");
    }
  }
}

function applicable<F>(variant: F | undefined): F {
  if (variant === undefined) throw new Error("this fault does not apply to this call");
  return variant;
}

function coded({ operation, path }: SimulatedCall, { code, message }: Refusal): SteleError {
  return new SteleError(code, `${operation} ${path}: ${message}`, { path });
}
