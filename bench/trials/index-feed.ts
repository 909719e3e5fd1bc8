import fs from "node:fs";
import { openReader } from "@stele/journal";
import type { Query, StatsQuery } from "@stele/journal/questions";
import type { IndexCosts } from "../index.ts";
import { mixedEvent, wordOf } from "../mixed-event.ts";
import { askAll, askCold, askSums } from "../questions.ts";
import { answer, trialSpec } from "./answer.ts";

const { dir, entries } = trialSpec() as { readonly dir: string; readonly entries: number };
answer(await measure());

async function measure(): Promise<IndexCosts> {
  const making = await make();
  await using reader = await openReader(dir);
  const count = async (query: Query): Promise<number> => (await reader.query(query)).entries.length;
  const groups = async (query: StatsQuery): Promise<number> =>
    (await reader.stats(query)).groups.length;
  // So that the process, its thread and the file are there.
  await count({ limit: 1 });
  const byId = (at: number): Promise<number> => count({ id: mixedEvent(at).id });
  const byTool = (at: number): Promise<number> =>
    count({ agent: mixedEvent(at).agent, tool: "tool-3", order: "desc" });
  const questions = await askAll(
    {
      id: byId,
      "agent from a time, 100": async (at) =>
        count({ agent: mixedEvent(at).agent, since: (await reader.get(at)).time }),
      "agent and tool, newest 100": byTool,
      "session, 100": (at) => count({ session: mixedEvent(at).session }),
      "rejected, newest 100 before": (at) =>
        count({ verdict: "reject", to: Math.max(at, 5000), order: "desc" }),
      "word, newest 100 before": (at) =>
        count({ text: wordOf(at % 1000), to: Math.max(at, 9000), order: "desc" }),
    },
    entries,
  );
  const sums = await askSums({
    "sums by agent": () => groups({ groupBy: "agent" }),
    "sums by hour": () => groups({ groupBy: "hour" }),
    "sums of an agent by tool": () => groups({ groupBy: "tool", agent: mixedEvent(0).agent }),
    "sums of an agent by session": () => groups({ groupBy: "session", agent: mixedEvent(0).agent }),
  });
  // Last: what the operating system forgot, the other questions would have to read again.
  const cold = await askCold(
    { "id, nothing cached": byId, "agent and tool, nothing cached": byTool },
    entries,
    [`${dir}/index.sqlite`, `${dir}/ledger`],
  );
  return { ...making, questions: [...questions, ...sums, ...cold] };
}

async function make(): Promise<Omit<IndexCosts, "questions">> {
  await using reader = await openReader(dir);
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const { size } = await reader.query({ limit: 1 });
  const elapsedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  if (size !== entries) throw new Error(`${size} of ${entries} entries are indexed`);
  const lengths = ["", "-wal"].map((suffix) => lengthOf(`${dir}/index.sqlite${suffix}`));
  return {
    entriesPerSecond: (1000 * entries) / elapsedMs,
    cpuUsPerEntry: (cpu.user + cpu.system) / entries,
    bytesPerEntry: lengths.reduce((sum, length) => sum + length, 0) / entries,
    maxRssMiB: process.resourceUsage().maxRSS / 1024,
  };
}

function lengthOf(file: string): number {
  return fs.existsSync(file) ? fs.statSync(file).size : 0;
}
