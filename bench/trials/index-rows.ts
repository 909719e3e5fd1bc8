import fs from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import type { IndexCosts } from "../index.ts";
import { mixedEvent, type MixedEvent } from "../mixed-event.ts";
import { askAll, askCold, askSums } from "../questions.ts";
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
  const making = {
    entriesPerSecond: (1000 * entries) / elapsedMs,
    cpuUsPerEntry: (cpu.user + cpu.system) / entries,
    bytesPerEntry: fs.statSync(rowsFile).size / entries,
    maxRssMiB: process.resourceUsage().maxRSS / 1024,
  };
  return { ...making, questions: await askRows(database) };
}

async function askRows(database: DatabaseSync): Promise<IndexCosts["questions"]> {
  const prepared = (sql: string) => {
    const statement = database.prepare(sql);
    return (...values: (string | number)[]): number => statement.all(...values).length;
  };
  const where = (condition: string, rest: string) =>
    prepared(`SELECT * FROM entry WHERE ${condition} ${rest} LIMIT 100`);
  const byId = where("id = ?", "");
  const byAgent = where("agent = ? AND seq >= ?", "ORDER BY seq");
  const byTool = where("agent = ? AND tool = ?", "ORDER BY seq DESC");
  const bySession = where("session = ?", "ORDER BY seq");
  const sums = "count(*), sum(bytes_read), sum(cost_micros) FROM entry";
  const byAgents = prepared(`SELECT agent, ${sums} GROUP BY agent`);
  const byHours = prepared(`SELECT substr(time, 1, 13) AS hour, ${sums} GROUP BY hour`);
  const byTools = prepared(`SELECT tool, ${sums} WHERE agent = ? GROUP BY tool`);
  const bySessions = prepared(`SELECT session, ${sums} WHERE agent = ? GROUP BY session`);
  const { agent } = mixedEvent(0);
  const of = mixedEvent;
  const cold = {
    "id, nothing cached": (at: number) => byId(of(at).id),
    "agent and tool, nothing cached": (at: number) => byTool(of(at).agent, "tool-3"),
  };
  const questions = {
    id: (at: number) => byId(of(at).id),
    "agent from a time, 100": (at: number) => byAgent(of(at).agent, at),
    "agent and tool, newest 100": (at: number) => byTool(of(at).agent, "tool-3"),
    "session, 100": (at: number) => bySession(of(at).session),
  };
  return [
    ...(await askAll(questions, entries)),
    ...(await askSums({
      "sums by agent": () => byAgents(),
      "sums by hour": () => byHours(),
      "sums of an agent by tool": () => byTools(agent),
      "sums of an agent by session": () => bySessions(agent),
    })),
    ...(await askCold(cold, entries, [rowsFile])),
  ];
}

async function fillRows(database: DatabaseSync): Promise<void> {
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32000;
    CREATE TABLE entry (seq INTEGER PRIMARY KEY, time TEXT, type TEXT, id TEXT, agent TEXT,
      session TEXT, tool TEXT, bytes_read INTEGER, cost_micros INTEGER, line TEXT);
    CREATE INDEX by_id ON entry (id);
    CREATE INDEX by_agent ON entry (agent, seq);
    CREATE INDEX by_tool ON entry (agent, tool, seq);
    CREATE INDEX by_session ON entry (session, seq);
    BEGIN;
  `);
  const add = database.prepare("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  let count = 0;
  for (const name of fs.readdirSync(path.join(dir, "ledger")).toSorted()) {
    const input = fs.createReadStream(path.join(dir, "ledger", name));
    for await (const line of createInterface({ input })) {
      if (!line.startsWith('{"seq":')) continue;
      const { seq, time, event } = JSON.parse(line) as Row;
      const { type, id, agent, session, data } = event;
      const { tool = null, bytesRead = null, costMicros = null } = data;
      add.run(seq, time, type, id, agent, session, tool, bytesRead, costMicros, line);
      if (++count % 4096 === 0) database.exec("COMMIT; BEGIN");
    }
  }
  database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

interface Row {
  readonly seq: number;
  readonly time: string;
  readonly event: MixedEvent;
}
