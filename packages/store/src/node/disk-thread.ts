import { Worker } from "node:worker_threads";
import type { DiskCallName, DiskCalls, DiskReply, DiskRequest } from "./disk-calls.ts";
import { brokenThread, diskError, unusableDisk } from "./disk-error.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * The thread in which one disk does everything but plain reading, one call after the other, so that
 * a thread pool full of other work delays no append. It starts with the first call and keeps the
 * process alive only during calls.
 */
export class DiskThread {
  #worker: Worker | undefined;
  #ended: Error | undefined;
  #closing: Promise<void> | undefined;
  /** Oldest first: replies come in the order of the requests. */
  readonly #waiting: Waiting[] = [];

  /** Hands one call over; buffers that are not shared are copied before it returns. */
  call<Name extends DiskCallName>(
    name: Name,
    ...parameters: Parameters<DiskCalls[Name]>
  ): Promise<ReturnType<DiskCalls[Name]>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const request: DiskRequest = { name, parameters };
      worker.postMessage(request);
      if (this.#waiting.push({ resolve, reject }) === 1) worker.ref();
    });
  }

  /** Ends the thread after the calls so far; its files and locks end with it. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const worker = this.#worker;
    const settled = worker === undefined ? undefined : this.call("settle");
    this.#ended ??= unusableDisk("the disk is closed");
    // A thread that broke down has told those who wait; here it is merely over.
    await settled?.catch(() => {});
    await worker?.terminate();
  }

  #start(): Worker {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const worker = new Worker(new URL(`./disk-worker.${extension}`, import.meta.url), {
      name: "stele-disk",
      // Not the options of the process, which may not suit a thread.
      // Node 22 would warn our users that node:sqlite is experimental.
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    worker.on("message", (reply: DiskReply) => this.#settle(worker, reply));
    worker.on("error", (error: Error) => this.#fail(brokenThread(error)));
    worker.on("exit", () => this.#fail(unusableDisk("the disk's thread ended")));
    return worker;
  }

  #settle(worker: Worker, reply: DiskReply): void {
    const waiting = this.#waiting.shift()!;
    if (this.#waiting.length === 0) worker.unref();
    if ("failure" in reply) waiting.reject(diskError(reply.failure));
    else waiting.resolve(reply.value);
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#ended);
  }
}
