import { parentPort, workerData } from "node:worker_threads";
import { SteleError } from "@stele/core/error";
import { checkOne, type SegmentJob } from "./verify-segments.ts";
import type { Answer, Assignment } from "./verify-threads.ts";
import { thisMachine } from "./world.ts";

// One thread of a verification: checks the segments that it is told to, one at a time.

const world = thisMachine();
const job = workerData as SegmentJob;

function answer(message: Answer): void {
  parentPort!.postMessage(message);
}

const REPORT_BYTES = 1024 * 1024;

async function check(first: number): Promise<void> {
  let bytes = 0;
  const onProgress = (more: number): void => {
    bytes += more;
    if (bytes < REPORT_BYTES) return;
    answer({ kind: "progress", bytes });
    bytes = 0;
  };
  try {
    const result = await checkOne(world, job, first, onProgress);
    answer({ kind: "progress", bytes });
    answer({ kind: "checked", first, result });
  } catch (error) {
    if (!(error instanceof SteleError)) throw error;
    answer({ kind: "failed", code: error.code, message: error.message });
  }
}

parentPort!.on("message", ({ first }: Assignment) => void check(first));
