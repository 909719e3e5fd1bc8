import fs from "node:fs";
import { openReader } from "@stele/journal";
import { benchEvent } from "../event.ts";
import type { IndexCosts } from "../index.ts";
import { askAll } from "../questions.ts";
import { answer, trialSpec } from "./answer.ts";

const { dir, entries } = trialSpec() as { readonly dir: string; readonly entries: number };
answer(await measure());

async function measure(): Promise<IndexCosts> {
  await using reader = await openReader(dir);
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const { size } = await reader.query({ limit: 1 });
  const elapsedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  if (size !== entries) throw new Error(`${size} of ${entries} entries are indexed`);
  const lengths = ["", "-wal"].map((suffix) => lengthOf(`${dir}/index.sqlite${suffix}`));
  const count = async (query: Parameters<typeof reader.query>[0]): Promise<number> =>
    (await reader.query(query)).entries.length;
  const at = (index: number) => benchEvent(index) as ReturnType<typeof benchEvent> & Named;
  return {
    entriesPerSecond: (1000 * entries) / elapsedMs,
    cpuUsPerEntry: (cpu.user + cpu.system) / entries,
    bytesPerEntry: lengths.reduce((sum, length) => sum + length, 0) / entries,
    questions: await askAll(
      {
        id: (index) => count({ id: at(index).id }),
        "agent from a time, 100": async (index) =>
          count({ agent: at(index).agent, since: (await reader.get(index)).time }),
        "agent and tool, newest 100": (index) =>
          count({ agent: at(index).agent, tool: at(index).data.tool, order: "desc" }),
        "session, 100": (index) => count({ session: at(index).session }),
        "words, newest 100 before": (index) =>
          count({ text: "list directory", to: Math.max(index, 1000), order: "desc" }),
      },
      entries,
    ),
    maxRssMiB: process.resourceUsage().maxRSS / 1024,
  };
}

interface Named {
  readonly id: string;
  readonly agent: string;
  readonly session: string;
  readonly data: { readonly tool: string };
}

function lengthOf(file: string): number {
  return fs.existsSync(file) ? fs.statSync(file).size : 0;
}
