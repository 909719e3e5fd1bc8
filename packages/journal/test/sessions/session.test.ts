import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import { parseEvent, SteleError, type Entry, type Journal } from "@stele/journal";
import type { Session } from "@stele/journal/sessions";
import { Gate, settleTurns } from "../support/gate.ts";
import { newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

const MAX = 2n ** 64n - 1n;

async function call(journal: Journal, session: string, data: object): Promise<void> {
  await journal.append({ type: "tool.call", session, agent: "a-1", data });
}

function chainOf(hashes: readonly string[]): string {
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  return hashes.reduce((head, hash) => sha256(head + hash), "0".repeat(64));
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** What a session says of itself, to compare one with another. */
function summary(session: Session): unknown {
  const { length, headHash, firstTime, lastTime } = session;
  const tools = [...session.toolCounts()];
  const agents = [...session.agents()];
  return { length, headHash, firstTime, lastTime, tools, agents, totals: session.totals() };
}

suite("a session (as chio's session journal)", () => {
  test("that is empty has the id, no entries, zero sums and a head of 64 zeros", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    assert.equal(session.id, "s-1");
    assert.equal(session.length, 0);
    assert.equal(session.headHash, "0".repeat(64));
    assert.equal(session.totals().invocations, 0);
    assert.deepEqual(await session.recent(5), []);
    assert.deepEqual(await session.verify(), { intact: true, length: 0, missing: 0 });
  });

  test("sums bytes, tokens and cost, counts calls and denied ones, keeps the depth", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    await call(journal, "s-1", { tool: "read", bytesRead: 100, delegationDepth: 2 });
    await call(journal, "s-1", { tool: "write", bytesWritten: 50, allowed: false });
    await call(journal, "s-2", { tool: "read", bytesRead: 7777 });
    const response = { inputTokens: 10, outputTokens: 20, costMicros: "18446744073709551614" };
    await session.append({ type: "inference.response", data: response });
    await session.append({ type: "tool.result", data: { bytesRead: 5, outcome: "ok" } });
    await session.append({ type: "gateway.event", data: { inputTokens: 3, outputTokens: 4 } });
    await session.append({ type: "decision", data: { costMicros: 1_000_000 } });
    assert.deepEqual(session.totals(), {
      bytesRead: 105n,
      bytesWritten: 50n,
      invocations: 2,
      deniedInvocations: 1,
      inputTokens: 13n,
      outputTokens: 24n,
      costMicros: MAX - 1n,
      maxDelegationDepth: 2,
    });
    assert.equal(session.length, 6);
    assert.deepEqual([...session.agents()], [["a-1", 2]]);
  });

  test("saturates its sums at 2^64 - 1", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    for (let i = 0; i < 3; i++) await call(journal, "s-1", { tool: "t", bytesRead: String(MAX) });
    assert.equal(session.totals().bytesRead, MAX);
  });

  test("ignores amounts that are malformed, and counts the call", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    for (const bytesRead of [-1, 1.5, "x", null, "18446744073709551616", [5]]) {
      await call(journal, "s-1", { tool: "t", bytesRead });
    }
    assert.equal(session.totals().bytesRead, 0n);
    assert.equal(session.totals().invocations, 6);
  });

  test("takes a depth beyond 32 bits for the deepest, and what is none for 0", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    for (const [session, delegationDepth, wanted] of [
      ["deep", 2 ** 40, 2 ** 32 - 1],
      ["half", 1.5, 0],
      ["text", "7", 0],
      ["less", -1, 0],
    ] as const) {
      await call(journal, session, { tool: "t", delegationDepth });
      const { maxDelegationDepth } = (await journal.session(session)).totals();
      assert.equal(maxDelegationDepth, wanted, session);
    }
  });

  test("reads a call as it is stored, however its names are escaped", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk, { index: false });
    const session = await journal.session("s");
    // Behind a name that ends with a backslash, V8's JSON.parse takes others for it.
    for (const name of ["bytesRea\\\\", "bytesRea\\u0064"]) {
      const data = `{"odd":0,"${name}":5,"tool":"t"}`;
      await journal.append(parseEvent(`{"type":"tool.call","session":"s","data":${data}}`));
    }
    assert.equal(session.totals().bytesRead, 5n);
    const live = summary(session);
    await journal.close();
    await using again = await openInMemory(disk, { index: false });
    assert.deepEqual(summary(await again.session("s")), live);
  });

  test("knows the tool sequence in order and the count of each tool", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    for (const tool of ["read", "write", "read"]) await call(journal, "s-1", { tool });
    await call(journal, "s-1", { tool: "read", allowed: false });
    assert.deepEqual(await all(session.toolSequence()), ["read", "write", "read", "read"]);
    assert.equal(session.countOf("read"), 3);
    assert.equal(session.countOf("never"), 0);
    assert.deepEqual(
      [...session.toolCounts()],
      [
        ["read", { calls: 3, denied: 1 }],
        ["write", { calls: 1, denied: 0 }],
      ],
    );
  });

  test("gives all entries, and the most recent n in order, also when n is larger", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    const appends = Array.from({ length: 600 }, (_, n) =>
      call(journal, n % 2 === 0 ? "s-1" : "other", { tool: `t-${n}` }),
    );
    const recent = await session.recent(2);
    await Promise.all(appends);
    const tools = (entries: readonly Entry[]): unknown[] =>
      entries.map(({ event }) => (event.data as { tool: string }).tool);
    assert.deepEqual(tools(recent), ["t-596", "t-598"]);
    const entries = await all(session.entries());
    assert.equal(entries.length, 300);
    assert.deepEqual(await session.recent(280), entries.slice(-280));
    assert.deepEqual(await session.recent(1000), entries);
  });

  test("has a head hash that anybody can compute from the ledger", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    for (let n = 0; n < 5; n++) await call(journal, n === 3 ? "s-2" : "s-1", { tool: `t${n}` });
    const hashes = (await all(journal.read()))
      .filter(({ event }) => event.session === "s-1")
      .map(({ hash }) => hash);
    assert.equal(session.headHash, chainOf(hashes));
  });

  test("tells ab + c from a + bc, which chio's hash does not", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    await call(journal, "s-1", { tool: "ab", server: "c" });
    await call(journal, "s-2", { tool: "a", server: "bc" });
    const [one, two] = [await journal.session("s-1"), await journal.session("s-2")];
    assert.notEqual(one.headHash, two.headHash);
  });

  test("takes names as they are: padded ones and control characters are other tools", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    const tools = ["read", " read", "read\n", "re\u0000ad", "re\u200bad", "READ"];
    for (const tool of tools) await call(journal, "s-1", { tool });
    assert.deepEqual([...session.toolCounts().keys()], tools);
    assert.equal(session.countOf("read"), 1);
    const guard = session.guard({ denyTools: ["read"] });
    assert.equal(guard.check({ tool: "read" }).allowed, false);
    assert.deepEqual(await all(session.toolSequence()), tools);
  });

  test("counts ten thousand different tools, each exactly", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    const names = Array.from({ length: 10_000 }, (_, n) => `tool-${n}`);
    const calls = [...names, "tool-0", "tool-9999"];
    await Promise.all(calls.map((tool) => call(journal, "s-1", { tool })));
    assert.equal(session.toolCounts().size, 10_000);
    assert.deepEqual(
      [0, 1, 9999].map((n) => session.countOf(`tool-${n}`)),
      [2, 1, 2],
    );
    assert.equal(session.totals().invocations, 10_002);
    const guard = session.guard({ maxCallsPerTool: 2, requireBefore: { deploy: ["tool-5000"] } });
    assert.equal(guard.check({ tool: "tool-9999" }).reason?.code, "TOOL_CALLS_EXCEEDED");
    assert.equal(guard.check({ tool: "deploy" }).allowed, true);
  });

  test("what it hands out stays as it was while more is recorded", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s-1");
    await call(journal, "s-1", { tool: "read", bytesRead: 1 });
    const budget = await session.openBudget("b", 10);
    const [totals, counts, agents] = [session.totals(), session.toolCounts(), session.agents()];
    const [recent, state] = [await session.recent(5), session.budgetState("b")];
    await call(journal, "s-1", { tool: "write", bytesRead: 2 });
    await budget.reserve(3);
    assert.equal(totals.bytesRead, 1n);
    assert.deepEqual([...counts], [["read", { calls: 1, denied: 0 }]]);
    assert.deepEqual([...agents], [["a-1", 1]]);
    assert.equal(recent.length, 2);
    assert.equal(state?.remaining, 10n);
    (counts as Map<string, unknown>).clear();
    assert.equal(session.countOf("read"), 1, "nobody outside can change what was counted");
  });
});

suite("a session of an open journal", () => {
  test("counts at once, before anything is durable, and the same object for all", async () => {
    const disk = await newMemoryJournal();
    await using journal = await openInMemory(disk);
    const [session, same] = await Promise.all([journal.session("s"), journal.session("s")]);
    assert.equal(session, same);
    const gate = new Gate(disk);
    const pending = call(journal, "s", { tool: "t", bytesRead: 3 });
    assert.equal(session.totals().bytesRead, 3n);
    assert.equal(session.length, 1);
    gate.stayOpen();
    await pending;
  });

  test("counts a repeated id once", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s");
    const event = { type: "tool.call", id: "c-1", session: "s", data: { tool: "t", bytesRead: 3 } };
    await Promise.all([journal.append(event), journal.append(event)]);
    await session.append(event);
    assert.equal(session.totals().bytesRead, 3n);
    assert.equal(session.length, 1);
  });

  test("opened while entries are on their way counts each once", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const appends = [];
    const opening = [];
    for (let n = 0; n < 50; n++) {
      appends.push(call(journal, "s", { tool: "t", bytesRead: 1 }));
      if (n % 10 === 5) opening.push(journal.session("s"));
    }
    const sessions = await Promise.all(opening);
    await Promise.all(appends);
    assert.equal(sessions[0]!.totals().bytesRead, 50n);
    assert.equal(new Set(sessions).size, 1);
    assert.deepEqual(await sessions[0]!.verify(), { intact: true, length: 50, missing: 0 });
  });

  test("counts what waits for room, and takes back what is refused", async () => {
    const disk = await newMemoryJournal();
    await using journal = await openInMemory(disk);
    const session = await journal.session("s");
    const gate = new Gate(disk);
    const big = "x".repeat(60_000);
    const appends = Array.from({ length: 60 }, () =>
      call(journal, "s", { tool: "t", bytesRead: 1, big }),
    );
    const refused = call(journal, "s", { tool: "t", bytesRead: 1000, big: big + big });
    const late = journal.session("s");
    assert.equal(session.totals().bytesRead, 1060n);
    assert.ok(session.length < 60, "some of them wait");
    gate.stayOpen();
    await assert.rejects(refused, { code: "EVENT_TOO_LARGE" });
    await Promise.all(appends);
    assert.equal((await late).totals().bytesRead, 60n);
    assert.equal(session.length, 60);
    assert.ok((await session.verify()).intact);
  });

  test("that nobody held while its entries waited for room counts each once", async () => {
    const disk = await newMemoryJournal();
    await using journal = await openInMemory(disk);
    const gate = new Gate(disk);
    const data = { tool: "t", bytesRead: 1, big: "x".repeat(60_000) };
    const appends = Array.from({ length: 60 }, () => call(journal, "s", data));
    gate.stayOpen();
    await Promise.all(appends);
    const session = await journal.session("s");
    assert.equal(session.totals().bytesRead, 60n);
    await call(journal, "s", data);
    assert.equal(session.totals().bytesRead, 61n);
  });

  test("that could not be opened is opened anew", async () => {
    const disk = await newMemoryJournal();
    const before = await openInMemory(disk);
    await call(before, "s", { tool: "t", bytesRead: 3 });
    await before.close();
    await using journal = await openInMemory(disk, { index: false });
    const list = disk.list.bind(disk);
    disk.list = () => Promise.reject(new SteleError("DISK_IO", "the disk stumbles"));
    await assert.rejects(journal.session("s"), { code: "DISK_IO" });
    let lists = 0;
    // Once it has begun to add up.
    disk.list = (path) => {
      if (++lists > 1) return Promise.reject(new SteleError("DISK_IO", "the disk stumbles"));
      return list(path);
    };
    await assert.rejects(journal.session("s"), { code: "DISK_IO" });
    disk.list = list;
    const session = await journal.session("s");
    assert.equal(session.totals().bytesRead, 3n);
    await call(journal, "s", { tool: "t", bytesRead: 4 });
    assert.equal(session.totals().bytesRead, 7n);
  });

  test("opened while entries wait for room counts each once, behind those before", async () => {
    const disk = await newMemoryJournal();
    const before = await openInMemory(disk);
    for (const tool of ["a", "b"]) await call(before, "s", { tool });
    await before.close();
    await using journal = await openInMemory(disk, { index: false });
    const gate = new Gate(disk);
    const data = { tool: "t", bytesRead: 1, big: "x".repeat(60_000) };
    const appends = Array.from({ length: 60 }, () => call(journal, "s", data));
    const opening = journal.session("s");
    for (let commits = 0; commits < 2; commits++) {
      await settleTurns();
      gate.letGo();
    }
    const session = await opening;
    const [{ length }, { bytesRead }] = [session, session.totals()];
    const guard = session.guard({ denyTransitions: [["b", "c"]], maxBytesRead: 61 });
    const decided = guard.call({ tool: "c", bytesRead: 1 });
    const next = guard.check({ tool: "c", bytesRead: 1 });
    gate.stayOpen();
    await Promise.all(appends);
    assert.ok(length < 62, "some of them waited");
    assert.equal(bytesRead, 60n);
    assert.equal((await decided).allowed, true);
    assert.equal(next.reason?.code, "BYTES_READ_EXCEEDED");
    assert.equal(session.totals().bytesRead, 61n);
    assert.equal(session.length, 63);
  });

  test("is after a restart what it was, whether by the index or by the ledger", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 2048 });
    const before = await openInMemory(disk);
    const session = await before.session("s");
    for (let n = 0; n < 30; n++) {
      await call(before, n % 3 === 0 ? "other" : "s", { tool: `t${n % 4}`, bytesRead: n });
    }
    const expected = summary(session);
    await before.close();
    for (const index of [true, false, undefined]) {
      await using journal = await openInMemory(disk, { index });
      assert.deepEqual(summary(await journal.session("s")), expected);
    }
  });

  test("ends with its writer", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    const session = await journal.session("s");
    const guard = session.guard({});
    disk.beforeRun = () => Promise.reject(new Error("the disk is gone"));
    await assert.rejects(guard.call({ tool: "t" }));
    assert.throws(() => guard.check({ tool: "t" }), { code: "WRITER_FAILED" });
    await assert.rejects(guard.call({ tool: "t" }), { code: "WRITER_FAILED" });
    await assert.rejects(journal.session("another"), { code: "WRITER_FAILED" });
    await journal.close();
    assert.throws(() => guard.check({ tool: "t" }), { code: "JOURNAL_CLOSED" });
  });

  test("refuses an id that no event can have", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    for (const id of ["", "x".repeat(513), 7 as unknown as string]) {
      await assert.rejects(journal.session(id), { code: "OPTION_INVALID" });
    }
  });
});

suite("a session's own integrity check", () => {
  test("is of the moment at which it was asked for, whatever is recorded meanwhile", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const session = await journal.session("s");
    for (let n = 0; n < 5; n++) await call(journal, "s", { tool: "t", bytesRead: 1 });
    const checking = session.verify();
    await Promise.all([1, 2, 3].map((bytesRead) => call(journal, "s", { tool: "u", bytesRead })));
    assert.deepEqual(await checking, { intact: true, length: 5, missing: 0 });
  });

  test("finds a changed entry, with its index, what was expected and what is there", async () => {
    const disk = await newMemoryJournal();
    await using journal = await openInMemory(disk);
    const session = await journal.session("s");
    for (let n = 0; n < 5; n++) await call(journal, "s", { tool: `t${n}` });
    const [path, bytes] = [...disk.files].find(([name]) => name.endsWith(".jsonl"))!;
    const text = Buffer.from(bytes).toString().replace('"t2"', '"tX"');
    disk.files.set(path, Buffer.from(text));
    const { intact, mismatch } = await session.verify();
    assert.equal(intact, false);
    assert.equal(mismatch?.index, 2);
    assert.match(mismatch.actual, /entry 2/);
  });

  test("finds another journal in its place, by the first link that differs", async () => {
    const [disk, other] = [await newMemoryJournal(), await newMemoryJournal()];
    await using journal = await openInMemory(disk);
    const session = await journal.session("s");
    for (const tool of ["a", "b", "c"]) await call(journal, "s", { tool });
    await using forged = await openInMemory(other);
    for (const tool of ["a", "X", "c"]) await call(forged, "s", { tool });
    for (const [path, bytes] of other.files) disk.files.set(path, bytes);
    const { intact, mismatch } = await session.verify();
    assert.equal(intact, false);
    assert.equal(mismatch?.index, 1);
    assert.equal(mismatch.what, "chain");
    assert.notEqual(mismatch.expected, mismatch.actual);
  });
});
