import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { callsOf, RecordedJournal } from "./support/recorded.ts";
import { FAKE_SERVER } from "./support/wire.ts";

// The recorder as a process of its own, with a real journal.

function start(journal: RecordedJournal, server = FAKE_SERVER): ChildProcessWithoutNullStreams {
  const { command, args, env } = journal.behind("closed", server);
  return spawn(command, args, { env });
}

async function call(
  recorder: ChildProcessWithoutNullStreams,
  id: number,
  name = "echo",
): Promise<void> {
  const params = { name, arguments: {} };
  recorder.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params })}\n`);
  if (name === "hang") return;
  await once(createInterface({ input: recorder.stdout }), "line");
}

test("killed at any moment: what was acknowledged is there, and the next session goes on", async () => {
  await using journal = await RecordedJournal.make();
  const killed = start(journal);
  await call(killed, 1);
  await call(killed, 2, "hang");
  await once(killed.stderr, "data");
  killed.kill("SIGKILL");
  await once(killed, "close");

  const next = start(journal);
  await call(next, 3);
  next.stdin.end();
  assert.deepEqual(await once(next, "close"), [0, null]);

  const entries = await journal.entries();
  const calls = callsOf(entries);
  assert.equal(calls[0], "echo 1: ok");
  assert.equal(calls.at(-1), "echo 3: ok");
  assert.equal(entries.filter(({ type }) => type === "mcp.opened").length, 2);
  assert.equal(entries.filter(({ type }) => type === "mcp.closed").length, 1);
  assert.equal((await journal.verify()).verdict, "intact");
});

test("a signal to the recorder ends the server, and the session is closed on record", async () => {
  await using journal = await RecordedJournal.make();
  const recorder = start(journal);
  await call(recorder, 1);
  recorder.kill("SIGTERM");
  assert.deepEqual(await once(recorder, "close"), [143, null]);
  const closed = (await journal.entries()).at(-1);
  assert.equal(closed?.type, "mcp.closed");
  assert.equal(closed.data["signal"], "SIGTERM");
});

test("a second recorder on the same journal starts nothing and says who has it", async () => {
  await using journal = await RecordedJournal.make();
  const first = start(journal);
  await call(first, 1);
  const second = start(journal);
  let said = "";
  second.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [status] = (await once(second, "close")) as [number];
  assert.notEqual(status, 0);
  assert.match(said, /JOURNAL_LOCKED/);
  assert.doesNotMatch(said, /fake server/);
  first.stdin.end();
  await once(first, "close");
});
