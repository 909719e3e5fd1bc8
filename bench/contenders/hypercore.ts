import Hypercore from "hypercore";
import type { BenchEvent } from "../event.ts";
import type { Contender, OpenLog } from "./contender.ts";

/**
 * hypercore as it comes: one Merkle tree update and one Ed25519 signature for each appended batch,
 * blocks and tree in RocksDB. Nothing is synced: `append` resolves after a write to RocksDB's log,
 * without a sync (strace shows none between the first append and close), so a power cut can lose
 * the last appends, and a kill cannot.
 */
export const hypercore: Contender = {
  takes: "batch",
  async open(dir: string): Promise<OpenLog> {
    const core = new Hypercore(dir);
    await core.ready();
    return {
      async append(events: readonly BenchEvent[]): Promise<void> {
        await core.append(events.map((event) => Buffer.from(JSON.stringify(event))));
      },
      close: () => core.close(),
    };
  },
};
