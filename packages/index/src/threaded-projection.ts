import type { Worker } from "node:worker_threads";
import type { EntryPlace } from "@stele/store/reading";
import type { Search } from "./candidates.ts";
import { indexClosed, indexFailed } from "./index-error.ts";
import type { Coverage, IndexEngine, IndexProgress } from "./projection.ts";
import type { Stat } from "./stats.ts";
import { startThread } from "./start-thread.ts";
import type { SumRequest } from "./sums.ts";
import { errorOf, type ThreadReply, type ThreadRequest } from "./thread-messages.ts";

type Question = ThreadRequest extends infer One
  ? One extends ThreadRequest
    ? Omit<One, "id">
    : never
  : never;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: IndexProgress | undefined;
}

/** An index in a thread of its own, which keeps the process alive only while it is asked. */
export class ThreadedProjection implements IndexEngine {
  readonly #directory: string;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #isClosed = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async catchUp(onProgress: IndexProgress): Promise<Coverage> {
    return (await this.#ask({ kind: "catchUp" }, onProgress)) as Coverage;
  }

  async follow(): Promise<Coverage> {
    return (await this.#ask({ kind: "follow" })) as Coverage;
  }

  async find(search: Search): Promise<readonly EntryPlace[]> {
    return (await this.#ask({ kind: "find", search })) as readonly EntryPlace[];
  }

  async sum(request: SumRequest): Promise<readonly Stat[]> {
    return (await this.#ask({ kind: "sum", request })) as readonly Stat[];
  }

  async rebuild(): Promise<void> {
    await this.#ask({ kind: "rebuild" });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker || this.#isClosed) return;
    await this.#ask({ kind: "close" }).catch(() => undefined);
    this.#isClosed = true;
    this.#worker = undefined;
    await worker.terminate();
  }

  #ask(question: Question, onProgress?: IndexProgress): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(indexClosed());
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onProgress });
      worker.ref();
      worker.postMessage({ id, ...question } satisfies ThreadRequest);
    });
  }

  #start(): Worker {
    const worker = startThread("index-thread", this.#directory);
    worker.on("message", (reply: ThreadReply) => this.#settle(worker, reply));
    worker.on("error", (error: Error) => this.#fail(error));
    worker.on("exit", () => this.#fail(indexClosed()));
    return worker;
  }

  #settle(worker: Worker, reply: ThreadReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (reply.kind === "progress") return waiting?.onProgress?.(reply.indexed, reply.total);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) worker.unref();
    if (reply.kind === "done") return waiting?.resolve(reply.value);
    return waiting?.reject(errorOf(reply.failure));
  }

  /** The thread ended; the next question starts another. */
  #fail(error: Error): void {
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(indexFailed(this.#directory, error));
  }
}
