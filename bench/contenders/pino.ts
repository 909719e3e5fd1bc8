import { once } from "node:events";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import type { Event } from "@stele/journal";
import type { Contender, OpenLog } from "./contender.ts";

/** pino never pushes back: without a pause its buffer grows for ever and its throughput falls. */
const LINES_BETWEEN_DRAINS = 4096;

/**
 * The usual logger, to a file, asynchronous, everything else at its default (it adds level, time,
 * pid and host name). No sync, no integrity, no acknowledgement: the program logs a batch and lets
 * the event loop turn, so a latency says how long the program was held up, and a crash loses pino's
 * buffer.
 */
export const pinoFile: Contender = {
  takes: "batch",
  async open(dir: string): Promise<OpenLog> {
    const destination = pino.destination({ dest: path.join(dir, "pino.log"), sync: false });
    await once(destination, "ready");
    const logger = pino(destination);
    let undrained = 0;
    return {
      async append(events: readonly Event[]): Promise<void> {
        for (const event of events) logger.info(event);
        undrained += events.length;
        if (undrained < LINES_BETWEEN_DRAINS) return setImmediate();
        await once(destination, "drain");
        undrained = 0;
      },
      async close(): Promise<void> {
        destination.end();
        await once(destination, "close");
      },
    };
  },
};
