import fs from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { benchEvent } from "../event.ts";
import type { IndexCosts } from "../index.ts";
import { askAll } from "../questions.ts";
import { answer, trialSpec } from "./answer.ts";

// The same rows as anybody would put them into SQLite: names as text, an index for each question.

interface RowsSpec {
  readonly dir: string;
  readonly entries: number;
  readonly rowsFile: string;
}

const { dir, entries, rowsFile } = trialSpec() as RowsSpec;
answer(await measure());

async function measure(): Promise<IndexCosts> {
  fs.rmSync(rowsFile, { force: true });
  const database = new DatabaseSync(rowsFile);
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  await fillRows(database);
  const elapsedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  const where = (condition: string, rest: string) => {
    const statement = database.prepare(`SELECT * FROM entry WHERE ${condition} ${rest} LIMIT 100`);
    return (...values: (string | number)[]): number => statement.all(...values).length;
  };
  const byId = where("id = ?", "");
  const byAgent = where("agent = ? AND seq >= ?", "ORDER BY seq");
  const byTool = where("agent = ? AND tool = ?", "ORDER BY seq DESC");
  const bySession = where("session = ?", "ORDER BY seq");
  const of = (index: number) => benchEvent(index) as unknown as Row;
  return {
    entriesPerSecond: (1000 * entries) / elapsedMs,
    cpuUsPerEntry: (cpu.user + cpu.system) / entries,
    bytesPerEntry: fs.statSync(rowsFile).size / entries,
    questions: await askAll(
      {
        id: (index) => byId(of(index).id),
        "agent from a time, 100": (index) => byAgent(of(index).agent, index),
        "agent and tool, newest 100": (index) => byTool(of(index).agent, of(index).data.tool),
        "session, 100": (index) => bySession(of(index).session),
      },
      entries,
    ),
    maxRssMiB: process.resourceUsage().maxRSS / 1024,
  };
}

interface Row {
  readonly type: string;
  readonly id: string;
  readonly agent: string;
  readonly session: string;
  readonly data: { readonly tool: string };
}

async function fillRows(database: DatabaseSync): Promise<void> {
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32000;
    CREATE TABLE entry (seq INTEGER PRIMARY KEY, time TEXT, type TEXT, id TEXT, agent TEXT,
      session TEXT, tool TEXT, line TEXT);
    CREATE INDEX by_id ON entry (id);
    CREATE INDEX by_agent ON entry (agent, seq);
    CREATE INDEX by_tool ON entry (agent, tool, seq);
    CREATE INDEX by_session ON entry (session, seq);
    BEGIN;
  `);
  const add = database.prepare("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  let count = 0;
  for (const name of fs.readdirSync(path.join(dir, "ledger")).toSorted()) {
    const input = fs.createReadStream(path.join(dir, "ledger", name));
    for await (const line of createInterface({ input })) {
      if (!line.startsWith('{"seq":')) continue;
      const { seq, time, event } = JSON.parse(line) as { seq: number; time: string; event: Row };
      const { type, id, agent, session, data } = event;
      add.run(seq, time, type, id, agent, session, data.tool, line);
      if (++count % 4096 === 0) database.exec("COMMIT; BEGIN");
    }
  }
  database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}
