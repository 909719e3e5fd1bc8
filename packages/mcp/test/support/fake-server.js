// A server that answers each tools/call at once with what it was called with, except that the tool
// `hang` never answers and the tool `die` ends the process with the status in its arguments.
import { createInterface } from "node:readline";

const answer = (message) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

process.on("SIGINT", () => process.exit(5));
process.stderr.write("fake server is here\n");

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (method !== "tools/call") continue;
  if (params.name === "die") process.exit(params.arguments.status);
  if (params.name !== "hang") answer({ id, result: { content: [], echo: params.arguments } });
}
