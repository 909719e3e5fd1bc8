import type { Event } from "@stele/journal";
import { createBenchJournal } from "../journal.ts";
import type { Contender, OpenLog } from "./contender.ts";

/** Stele with its default acknowledgement: the entry is covered by a seal, and both are synced. */
export const stele: Contender = {
  takes: "each",
  async open(dir: string): Promise<OpenLog> {
    const journal = await createBenchJournal(dir);
    return {
      async append(events: readonly Event[]): Promise<void> {
        for (const event of events) await journal.append(event);
      },
      close: () => journal.close(),
    };
  },
};
