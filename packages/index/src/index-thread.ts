import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { SteleError } from "@stele/core/error";
import { readManifest, type World } from "@stele/store";
import { nodeDisk, nodeEd25519, nodeHasher, systemClock, systemRandom } from "@stele/store/node";
import { indexFailed } from "./index-error.ts";
import { Projection } from "./projection.ts";
import type { Failure, ThreadReply, ThreadRequest } from "./thread-messages.ts";

// The thread of an index: reads the ledger, feeds the index, and answers from it.

const directory = workerData as string;
const port = parentPort!;
const world: World = {
  disk: nodeDisk(),
  clock: systemClock,
  random: systemRandom,
  primitives: { ...nodeHasher, ...nodeEd25519 },
};

// On Linux this is of the thread alone: appending goes before indexing.
if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const projection = readManifest(world.disk, world.primitives, directory).then(
  (manifest) => new Projection(world, directory, { manifest, isOnMachine: true }),
);
projection.catch(() => undefined);

const PROGRESS_MS = 50;

function answer(reply: ThreadReply): void {
  port.postMessage(reply);
}

function progress(id: number): (indexed: number, total: number) => void {
  let toldMs = 0;
  return (indexed, total) => {
    const nowMs = world.clock.nowMs();
    if (Math.abs(nowMs - toldMs) < PROGRESS_MS) return;
    toldMs = nowMs;
    answer({ kind: "progress", id, indexed, total });
  };
}

async function run(request: ThreadRequest): Promise<unknown> {
  const engine = await projection;
  switch (request.kind) {
    case "catchUp":
      return engine.catchUp(progress(request.id));
    case "follow":
      return engine.follow();
    case "find":
      return engine.find(request.search);
    case "sum":
      return engine.sum(request.request);
    case "rebuild":
      return engine.rebuild();
    case "close":
      return engine.close();
    default:
      return request satisfies never;
  }
}

function failure(error: unknown): Failure {
  const { code, message, fix, seq, path } =
    error instanceof SteleError ? error : indexFailed(directory, error);
  return { code, message, fix, seq, path };
}

port.on("message", (request: ThreadRequest) => {
  const { id } = request;
  run(request).then(
    (value) => answer({ kind: "done", id, value }),
    (error: unknown) => answer({ kind: "failed", id, failure: failure(error) }),
  );
});
