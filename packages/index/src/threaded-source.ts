import { on } from "node:events";
import type { EntryColumns } from "./entry-columns.ts";
import type { SourceRange } from "./entry-source.ts";
import { indexFailed } from "./index-error.ts";
import { startThread } from "./start-thread.ts";
import { errorOf, type SourceReply } from "./thread-messages.ts";

/** So many slices are made ahead. */
const AHEAD = 4;

/** As `readColumns`, in a thread of its own, so that reading and writing go on side by side. */
export async function* readColumnsInThread(
  directory: string,
  range: SourceRange,
): AsyncGenerator<EntryColumns, void, undefined> {
  const worker = startThread("source-thread", { directory, range });
  try {
    const replies = on(worker, "message", { close: ["exit"] });
    for (let count = 0; count < AHEAD; count++) worker.postMessage("next");
    for await (const [reply] of replies as AsyncIterable<[SourceReply]>) {
      if (reply.kind === "end") return;
      if (reply.kind === "failed") throw errorOf(reply.failure);
      worker.postMessage("next");
      yield reply.columns;
    }
    throw indexFailed(directory, new Error("the thread that reads the ledger ended"));
  } finally {
    await worker.terminate();
  }
}
