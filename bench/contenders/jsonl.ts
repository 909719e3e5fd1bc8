import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Event } from "@stele/journal";
import type { Contender, OpenLog } from "./contender.ts";

/**
 * What small agent loggers do when they mean it: JSON Lines chained with `createHash`, written and
 * fsynced one by one. It has no way to group appends, so more of them in flight only wait longer;
 * it is measured with one.
 */
export const jsonl: Contender = {
  takes: "each",
  async open(dir: string): Promise<OpenLog> {
    const file = fs.openSync(path.join(dir, "log.jsonl"), "a");
    let prev = "0".repeat(64);
    return {
      async append(events: readonly Event[]): Promise<void> {
        for (const event of events) {
          const hash = crypto.createHash("sha256").update(prev).update(JSON.stringify(event));
          const next = hash.digest("hex");
          fs.writeSync(file, `${JSON.stringify({ prev, event, hash: next })}\n`);
          fs.fsyncSync(file);
          prev = next;
        }
      },
      async close(): Promise<void> {
        fs.closeSync(file);
      },
    };
  },
};
