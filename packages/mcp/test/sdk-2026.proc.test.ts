import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Client, type VersionNegotiationMode } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import {
  callsOf,
  everythingServer,
  filesystemServer,
  RecordedJournal,
} from "./support/recorded.ts";

// The official client 2.x: with a server of protocol 2026-07-28, and with servers of 2025-11-25.

const SERVER = [
  process.execPath,
  fileURLToPath(new URL("support/server-2026.ts", import.meta.url)),
];

async function connect(
  journal: RecordedJournal,
  server: readonly string[],
  mode: VersionNegotiationMode = "auto",
): Promise<Client> {
  const client = new Client(
    { name: "test-client", version: "2.0.0" },
    { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } },
  );
  client.setRequestHandler("elicitation/create", async () => ({
    action: "accept" as const,
    content: { yes: true },
  }));
  await client.connect(new StdioClientTransport(journal.behind("closed", server)));
  return client;
}

test("2026-07-28: calls say who made them, in which version", async () => {
  await using journal = await RecordedJournal.make();
  const client = await connect(journal, SERVER);
  assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
  await client.callTool({ name: "echo", arguments: { text: "hello" } });
  await client.callTool({ name: "fail", arguments: {} });
  await assert.rejects(client.callTool({ name: "no-such-tool", arguments: {} }));
  await client.close();

  const entries = await journal.entries();
  assert.deepEqual(callsOf(entries), [
    "echo 0: ok",
    "fail 1: tool_error",
    "no-such-tool 2: protocol_error",
  ]);
  const [echo] = entries.filter(({ type }) => type === "tool.call");
  assert.equal(echo?.data["protocolVersion"], "2026-07-28");
  assert.deepEqual(echo.content["arguments"], { text: "hello" });
  const closed = entries.at(-1)!;
  assert.deepEqual(closed.data["server"], { name: "fixture-2026", version: "1.2.3" });
  assert.deepEqual(closed.data["client"], { name: "test-client", version: "2.0.0" });
  assert.equal(closed.data["protocolVersion"], "2026-07-28");
  assert.equal((await journal.verify()).verdict, "intact");
});

test("the client probes with a process of its own: it is a session of its own on the same journal", async () => {
  await using journal = await RecordedJournal.make();
  const client = await connect(journal, SERVER);
  await client.close();
  const entries = await journal.entries();
  const outer = entries.filter(({ type }) => type !== "mcp.message" && type !== "mcp.peers");
  assert.deepEqual(
    outer.map(({ type }) => type),
    ["mcp.opened", "mcp.closed", "mcp.opened", "mcp.closed"],
  );
  const [, probe] = outer;
  assert.equal(probe?.data["signal"], "SIGTERM");
  assert.ok(entries.some(({ data }) => data["method"] === "server/discover"));
});

test("a call that needs input and its retry are one logical call", async () => {
  await using journal = await RecordedJournal.make();
  const client = await connect(journal, SERVER, { pin: "2026-07-28" });
  const result = await client.callTool({ name: "deploy", arguments: { text: "production" } });
  assert.match(JSON.stringify(result.content), /production: .*accept/);
  await client.close();

  const entries = await journal.entries();
  assert.deepEqual(callsOf(entries), ["deploy 0: input_required", "deploy 1: ok"]);
  const [first, retry] = entries.filter(({ type }) => type === "tool.call");
  assert.equal(first?.parent, undefined);
  assert.equal(retry?.parent, first?.id);
  assert.deepEqual(retry?.content["inputResponses"], {
    sure: { action: "accept", content: { yes: true } },
  });
});

test("a call that the client gives up is cancelled", async () => {
  await using journal = await RecordedJournal.make();
  const client = await connect(journal, SERVER, { pin: "2026-07-28" });
  const signal = AbortSignal.timeout(200);
  await assert.rejects(client.callTool({ name: "hang", arguments: {} }, { signal }));
  await client.callTool({ name: "echo", arguments: { text: "still there" } });
  await client.close();
  assert.deepEqual(callsOf(await journal.entries()), ["hang 0: cancelled", "echo 1: ok"]);
});

for (const [server, tool] of [
  [filesystemServer(tmpdir()), "list_allowed_directories"],
  [everythingServer(), "get-tiny-image"],
] as const) {
  test(`the client falls back to 2025-11-25 for a server with ${tool}`, async () => {
    await using journal = await RecordedJournal.make();
    const client = await connect(journal, server);
    assert.equal(client.getNegotiatedProtocolVersion(), "2025-11-25");
    await client.callTool({ name: tool, arguments: {} });
    await client.close();
    const entries = await journal.entries();
    assert.deepEqual(callsOf(entries), [`${tool} 1: ok`]);
    assert.equal(entries.at(-1)?.data["protocolVersion"], "2025-11-25");
  });
}
