import crypto from "node:crypto";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Event } from "@stele/journal";
import type { Contender, OpenLog } from "./contender.ts";

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE log (seq INTEGER PRIMARY KEY, prev TEXT, event TEXT, hash TEXT);
`;

/**
 * The do-it-yourself audit table: rows chained by SHA-256 in the quickest way Node has
 * (`crypto.hash` to hex), one transaction for each batch, synced at each commit. No tree and no
 * signature: who can write can forge it whole.
 */
export const sqlite: Contender = {
  takes: "batch",
  async open(dir: string): Promise<OpenLog> {
    const database = new DatabaseSync(path.join(dir, "log.sqlite"));
    database.exec(SCHEMA);
    const insert = database.prepare("INSERT INTO log VALUES (?, ?, ?, ?)");
    let seq = 0;
    let prev = "0".repeat(64);
    return {
      async append(events: readonly Event[]): Promise<void> {
        database.exec("BEGIN");
        for (const event of events) {
          const json = JSON.stringify(event);
          const hash = crypto.hash("sha256", prev + json, "hex");
          insert.run(seq++, prev, json, hash);
          prev = hash;
        }
        database.exec("COMMIT");
      },
      async close(): Promise<void> {
        database.close();
      },
    };
  },
};
