// The disk's thread: does the calls synchronously, in the order in which they come.
// It imports only its neighbours: it runs without the process's options, so without the condition
// under which packages are found unbuilt (see disk-thread.ts).
import { parentPort } from "node:worker_threads";
import type { DiskReply, DiskRequest } from "./disk-calls.ts";
import { threadCalls } from "./thread-calls.ts";
import { ThreadError } from "./thread-error.ts";

const calls = threadCalls();
const port = parentPort!;

function answer({ name, parameters }: DiskRequest): DiskReply {
  try {
    const call = calls[name] as (...parameters: readonly unknown[]) => unknown;
    return { value: call(...parameters) };
  } catch (error) {
    if (error instanceof ThreadError) return { failure: error.failure };
    throw error;
  }
}

port.on("message", (request: DiskRequest) => {
  port.postMessage(answer(request));
});
