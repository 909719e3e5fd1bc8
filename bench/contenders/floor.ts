import fs from "node:fs";
import path from "node:path";
import type { Event } from "@stele/journal";
import type { Contender, OpenLog } from "./contender.ts";

/**
 * What any durable log must do and no more: the bytes that Stele would store (with zeros for hashes
 * and signature), one write and one fdatasync for each batch, on the main thread, which is the
 * fastest way and blocks it meanwhile.
 */
export const floor: Contender = {
  takes: "batch",
  async open(dir: string): Promise<OpenLog> {
    const file = fs.openSync(path.join(dir, "floor.jsonl"), "a");
    let buffer = Buffer.alloc(0);
    let seq = 0;
    return {
      async append(events: readonly Event[]): Promise<void> {
        const neededBytes = events.length * MAX_LINE_BYTES + SEAL_LINE.length;
        if (buffer.length < neededBytes) buffer = Buffer.alloc(neededBytes);
        let endBytes = 0;
        for (const event of events)
          endBytes += buffer.write(entryLine(seq++, event), endBytes, "latin1");
        endBytes += SEAL_LINE.copy(buffer, endBytes);
        fs.writeSync(file, buffer, 0, endBytes);
        fs.fdatasyncSync(file);
      },
      async close(): Promise<void> {
        fs.closeSync(file);
      },
    };
  },
};

const ZEROS = "0".repeat(64);
const BEFORE_EVENT = `"prev":"${ZEROS}","time":"2026-11-20T23:35:32.768Z","event":`;
const MAX_LINE_BYTES = 1024;
const SEAL_LINE = Buffer.from(
  `{"seal":"bench.example/stele\\n1\\n${"0".repeat(44)}\\n\\n` +
    `— bench.example/stele ${"0".repeat(92)}\\n"}\n`,
);

function entryLine(seq: number, event: Event): string {
  return `{"seq":${seq},${BEFORE_EVENT}${JSON.stringify(event)},"hash":"${ZEROS}"}\n`;
}
