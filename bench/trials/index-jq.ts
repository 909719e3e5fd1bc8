import { execFileSync } from "node:child_process";
import { answer, trialSpec } from "./answer.ts";

// What somebody without an index does: read every line.

const { dir } = trialSpec() as { readonly dir: string };
const filter = 'select(.event.agent == "agent-3" and .event.data.tool == "tool-3") | .seq';
const command = `cat ledger/*.jsonl | jq -c '${filter}' | tail -n 100`;
const startMs = performance.now();
const lines = execFileSync("sh", ["-c", command], { cwd: dir, encoding: "utf8" }).split("\n");
if (lines.length < 2) throw new Error(`jq found ${lines.length} entries`);
answer({ ms: performance.now() - startMs });
