import { parentPort, workerData } from "node:worker_threads";
import { readManifest } from "@stele/store";
import { machineWorld } from "@stele/store/node";
import { Projection } from "./projection.ts";
import { failureOf, type ThreadReply, type ThreadRequest } from "./thread-messages.ts";
import { giveWayToAppending } from "./priority.ts";

// The thread of an index: reads the ledger, feeds the index, and answers from it.

const directory = workerData as string;
const port = parentPort!;
const world = machineWorld();
giveWayToAppending();

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

port.on("message", (request: ThreadRequest) => {
  const { id } = request;
  run(request).then(
    (value) => answer({ kind: "done", id, value }),
    (error: unknown) => answer({ kind: "failed", id, failure: failureOf(directory, error) }),
  );
});
