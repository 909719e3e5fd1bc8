import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { CallToolResultSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import {
  callsOf,
  everythingServer,
  filesystemServer,
  RecordedJournal,
} from "./support/recorded.ts";

// The official SDK 1.x (protocol 2025-11-25) and the official servers, with a recorder between.

async function connect(journal: RecordedJournal, server: readonly string[]): Promise<Client> {
  const capabilities = { elicitation: {} };
  const client = new Client({ name: "test-client", version: "1.0.0" }, { capabilities });
  await client.connect(new StdioClientTransport(journal.behind("closed", server)));
  return client;
}

test("the filesystem server: calls, results, failures, and who talked", async () => {
  await using journal = await RecordedJournal.make();
  const server = filesystemServer(journal.files);
  const client = await connect(journal, server);
  const path = join(journal.files, "note.txt");
  const written = { path, content: "Grüße\n" };
  await client.callTool({ name: "write_file", arguments: written });
  const read = await client.callTool({ name: "read_text_file", arguments: { path } });
  await client.callTool({ name: "read_text_file", arguments: { path: "/etc/passwd" } });
  await client.close();

  const entries = await journal.entries();
  assert.deepEqual(callsOf(entries), [
    "write_file 1: ok",
    "read_text_file 2: ok",
    "read_text_file 3: tool_error",
  ]);
  const [write, , refused] = entries.filter(({ type }) => type === "tool.call");
  assert.deepEqual(write?.content["arguments"], written);
  assert.equal(write?.data["server"], "secure-filesystem-server");
  assert.equal(write?.data["protocolVersion"], "2025-11-25");
  assert.deepEqual(refused?.content["arguments"], { path: "/etc/passwd" });
  const results = entries.filter(({ type }) => type === "tool.result");
  assert.deepEqual(results[1]?.content["result"], read);

  const [opened] = entries;
  assert.equal(opened?.type, "mcp.opened");
  assert.deepEqual(opened.content["commandLine"], server);
  const closed = entries.at(-1)!;
  assert.equal(closed.type, "mcp.closed");
  assert.equal(closed.data["exitCode"], 0);
  assert.deepEqual(closed.data["client"], { name: "test-client", version: "1.0.0" });
  assert.deepEqual(closed.data["unanswered"], { count: 0, calls: [] });
  assert.equal((await journal.verify()).verdict, "intact");
});

test("the everything server: progress, many calls at once, cancelling, elicitation", async () => {
  await using journal = await RecordedJournal.make();
  const client = await connect(journal, everythingServer());
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: "decline" as const }));
  const progress: number[] = [];
  const operation = {
    name: "trigger-long-running-operation",
    arguments: { duration: 0.2, steps: 4 },
  };
  await client.callTool(operation, CallToolResultSchema, {
    onprogress: (one) => progress.push(one.progress),
  });
  assert.deepEqual(progress, [1, 2, 3, 4], "notifications pass in order, before the result");

  const numbers = Array.from({ length: 40 }, (_, index) => index);
  const echoes = await Promise.all(
    numbers.map(async (index) =>
      client.callTool({ name: "echo", arguments: { message: `${index}` } }),
    ),
  );
  assert.deepEqual(
    echoes.map(({ content }) => content),
    numbers.map((index) => [{ type: "text", text: `Echo: ${index}` }]),
  );

  const cancel = AbortSignal.timeout(200);
  const long = { name: "trigger-long-running-operation", arguments: { duration: 60, steps: 1 } };
  await assert.rejects(client.callTool(long, CallToolResultSchema, { signal: cancel }));
  await client.callTool({ name: "trigger-elicitation-request", arguments: {} });
  await client.close();

  const entries = await journal.entries();
  const calls = callsOf(entries);
  assert.equal(calls.length, 43);
  assert.equal(calls.filter((line) => /^echo \d+: ok$/.test(line)).length, 40);
  assert.match(calls[41]!, /^trigger-long-running-operation \d+: cancelled$/);
  assert.match(calls[42]!, /^trigger-elicitation-request \d+: ok$/);
  const messages = entries
    .filter(({ type }) => type === "mcp.message")
    .map(({ data }) => [data["from"], data["kind"], data["method"]].join(" "));
  assert.ok(messages.includes("server request elicitation/create"));
  assert.ok(messages.includes("client result elicitation/create"));
});

test("a task: the call is answered with a task, and its result comes later", async () => {
  await using journal = await RecordedJournal.make();
  const client = await connect(journal, everythingServer());
  const query = { name: "simulate-research-query", arguments: { topic: "steles" } };
  await client.listTools();
  const stream = client.experimental.tasks.callToolStream(query, CallToolResultSchema, {
    task: { ttl: 60_000 },
  });
  let last: unknown;
  for await (const message of stream) last = message.type;
  assert.equal(last, "result");
  await client.close();
  const [call, ...others] = callsOf(await journal.entries());
  assert.match(call!, /^simulate-research-query \d+: deferred, ok$/);
  assert.deepEqual(others, []);
});
