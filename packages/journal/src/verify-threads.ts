import { Worker } from "node:worker_threads";
import { SteleError, type ErrorCode } from "@stele/core/error";
import type { CheckedSegment, SegmentJob } from "./verify-segments.ts";

/** What a thread is told: check this segment. */
export interface Assignment {
  readonly first: number;
}

/** What a thread answers, now and then and at the end of a segment. */
export type Answer =
  | { readonly kind: "progress"; readonly bytes: number }
  | { readonly kind: "checked"; readonly first: number; readonly result: CheckedSegment }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };

// The same file unbuilt and built.
const THREAD = new URL(
  import.meta.url.endsWith(".ts") ? "./verify-thread.ts" : "./verify-thread.js",
  import.meta.url,
);

/** Checks the segments in so many threads and yields the results in the order of the segments. */
export async function* checkInThreads(
  job: SegmentJob,
  threads: number,
  onProgress: (bytes: number) => void,
): AsyncGenerator<CheckedSegment, void, undefined> {
  const pool = new Pool(job, threads, onProgress);
  try {
    for (const first of job.segments) yield await pool.result(first);
  } finally {
    await pool.close();
  }
}

class Pool {
  readonly #workers: readonly Worker[];
  readonly #waiting: number[];
  readonly #results: Map<number, PromiseWithResolvers<CheckedSegment>>;

  constructor(job: SegmentJob, count: number, onProgress: (bytes: number) => void) {
    this.#waiting = [...job.segments];
    this.#results = new Map(
      job.segments.map((first) => [first, Promise.withResolvers<CheckedSegment>()]),
    );
    // A result that nobody came to ask for is no unhandled rejection.
    for (const { promise } of this.#results.values()) promise.catch(() => undefined);
    this.#workers = Array.from({ length: count }, () => this.#start(job, onProgress));
  }

  /** To be asked for once: it is not kept. */
  async result(first: number): Promise<CheckedSegment> {
    try {
      return await this.#results.get(first)!.promise;
    } finally {
      this.#results.delete(first);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(job: SegmentJob, onProgress: (bytes: number) => void): Worker {
    const worker = new Worker(THREAD, { workerData: job });
    worker.on("error", (error) => this.#fail(error));
    worker.on("message", (answer: Answer) => {
      if (answer.kind === "progress") return onProgress(answer.bytes);
      if (answer.kind === "failed") return this.#fail(new SteleError(answer.code, answer.message));
      this.#results.get(answer.first)!.resolve(answer.result);
      return this.#assign(worker);
    });
    this.#assign(worker);
    return worker;
  }

  #assign(worker: Worker): void {
    const first = this.#waiting.shift();
    if (first !== undefined) worker.postMessage({ first } satisfies Assignment);
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#results.values()) reject(error);
  }
}
