import type { Event } from "@stele/journal";

/**
 * One way to keep a log. What `append` promises differs from contender to contender (all.ts says
 * it).
 */
export interface Contender {
  /**
   * How appends in flight reach it: `each` means that many callers, each awaiting its own append
   * (the contender groups them, or does not); `batch` means one caller that hands over that many
   * events in one call.
   */
  readonly takes: "each" | "batch";
  /** Starts a new log in an empty directory. */
  open(dir: string): Promise<OpenLog>;
}

/** A log that is being written. */
export interface OpenLog {
  append(events: readonly Event[]): Promise<void>;
  close(): Promise<void>;
}
