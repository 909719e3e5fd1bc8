import { parentPort, workerData } from "node:worker_threads";
import { readManifest } from "@stele/store";
import { machineWorld } from "@stele/store/node";
import { LedgerReader } from "@stele/store/reading";
import { readColumns, type SourceRange } from "./entry-source.ts";
import { failureOf, type SourceReply } from "./thread-messages.ts";
import { giveWayToAppending } from "./priority.ts";

// A thread that reads entries for an index that is far behind: some for each message.

const { directory, range } = workerData as {
  readonly directory: string;
  readonly range: SourceRange;
};
const port = parentPort!;
const world = machineWorld();
giveWayToAppending();

const columns = readManifest(world.disk, world.primitives, directory).then((manifest) =>
  readColumns(new LedgerReader(world, directory, manifest), range),
);
columns.catch(() => undefined);

async function next(): Promise<SourceReply> {
  try {
    const { value } = await (await columns).next();
    return value ? { kind: "columns", columns: value } : { kind: "end" };
  } catch (error) {
    return { kind: "failed", failure: failureOf(directory, error) };
  }
}

let turn = Promise.resolve();
port.on("message", () => {
  turn = turn.then(async () => port.postMessage(await next()));
});
