import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatVerifierKey } from "@stele/core/key";
import type { Journal } from "@stele/journal";
import type { GuardedCall, GuardLimits, Session } from "@stele/journal/sessions";
import { Gate } from "../support/gate.ts";
import { signerOf, testKey } from "../support/key.ts";
import { newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

const MAX = 2n ** 64n - 1n;

async function fresh(): Promise<Journal & { readonly s: Session }> {
  const journal = await openInMemory(await newMemoryJournal());
  return Object.assign(journal, { s: await journal.session("s") });
}

/** The codes of a guard's decisions on calls made one after another; "ok" when allowed. */
async function play(
  limits: GuardLimits,
  calls: readonly (string | GuardedCall)[],
): Promise<string[]> {
  await using journal = await fresh();
  const guard = journal.s.guard(limits);
  const codes: string[] = [];
  for (const call of calls) {
    const asked = typeof call === "string" ? { tool: call } : call;
    const checked = guard.check(asked);
    const { receipt, ...decided } = await guard.call(asked);
    assert.deepEqual(checked, decided, "check says what call does");
    assert.equal((await journal.get(receipt.seq)).event.type, "tool.call");
    codes.push(decided.reason?.code ?? "ok");
  }
  return codes;
}

test("whom a guarded call is about is said by its event, so that its contents can be erased", async () => {
  await using journal = await fresh();
  const call = { tool: "mail", subject: "user-4711" };
  const { receipt } = await journal.s.guard({}).call(call, { content: { arguments: "to: x" } });
  const why = { reason: "request by letter", by: "privacy" };
  assert.equal((await journal.erase({ subject: "user-4711", ...why })).contents, 1);
  const erased = { code: "CONTENT_ERASED" };
  await assert.rejects(journal.content(receipt.seq, "arguments"), erased);
});

suite("a guard denies", () => {
  test("bytes past the limit, counting what the call says, and allows exactly the limit", async () => {
    const calls = [60, 40, 1, 0].map((bytesRead) => ({ tool: "t", bytesRead }));
    const codes = await play({ maxBytesRead: 100 }, calls);
    assert.deepEqual(codes, ["ok", "ok", "BYTES_READ_EXCEEDED", "ok"]);
    const writes = [60, 41].map((bytesWritten) => ({ tool: "t", bytesWritten }));
    assert.deepEqual(await play({ maxBytesWritten: 100 }, writes), [
      "ok",
      "BYTES_WRITTEN_EXCEEDED",
    ]);
  });

  test("tokens in and out together, and cost", async () => {
    const tokens = [
      { tool: "t", inputTokens: 50, outputTokens: 50 },
      { tool: "t", outputTokens: 1 },
    ];
    assert.deepEqual(await play({ maxTokens: 100 }, tokens), ["ok", "TOKENS_EXCEEDED"]);
    const costs = [MAX - 5n, 5n, 1n].map((costMicros) => ({ tool: "t", costMicros }));
    const codes = await play({ maxCostMicros: MAX }, costs);
    assert.deepEqual(codes, ["ok", "ok", "COST_EXCEEDED"], "exact at 64 bits");
  });

  test("calls, and calls of each tool; denied ones use nothing up", async () => {
    assert.deepEqual(await play({ maxCalls: 2 }, ["a", "b", "c"]), ["ok", "ok", "CALLS_EXCEEDED"]);
    assert.deepEqual(await play({ maxCallsPerTool: 1 }, ["a", "a", "b"]), [
      "ok",
      "TOOL_CALLS_EXCEEDED",
      "ok",
    ]);
    const limits = { maxCallsPerTool: { a: 0 }, maxCalls: 1 };
    assert.deepEqual(await play(limits, ["a", "a", "b"]), [
      "TOOL_CALLS_EXCEEDED",
      "TOOL_CALLS_EXCEEDED",
      "ok",
    ]);
  });

  test("a delegation that is too deep", async () => {
    const calls = [3, 4].map((delegationDepth) => ({ tool: "t", delegationDepth }));
    assert.deepEqual(await play({ maxDepth: 3 }, calls), ["ok", "DEPTH_EXCEEDED"]);
  });

  test("denied tools, and tools that are not among the allowed ones", async () => {
    const limits = { denyTools: ["rm"], allowTools: ["ls", "rm"] };
    assert.deepEqual(await play(limits, ["rm", "curl", "ls"]), [
      "TOOL_DENIED",
      "TOOL_NOT_ALLOWED",
      "ok",
    ]);
  });

  test("the call that completes a sequence, whatever was called between", async () => {
    const limits = { denySequences: [["read_file", "http_request"]] };
    const calls = ["http_request", "read_file", "ls", "http_request", "ls"];
    assert.deepEqual(await play(limits, calls), ["ok", "ok", "ok", "SEQUENCE_DENIED", "ok"]);
  });

  test("sequences of three, in their order only", async () => {
    const limits = { denySequences: [["a", "b", "c"]] };
    assert.deepEqual(await play(limits, ["b", "a", "c", "b", "x", "c"]), [
      "ok",
      "ok",
      "ok",
      "ok",
      "ok",
      "SEQUENCE_DENIED",
    ]);
    assert.deepEqual(await play({ denySequences: [["a", "a", "a"]] }, ["a", "a", "a"]), [
      "ok",
      "ok",
      "SEQUENCE_DENIED",
    ]);
  });

  test("a transition between neighbours only; denied calls did not happen", async () => {
    const limits: GuardLimits = { denyTransitions: [["a", "b"]], denyTools: ["x"] };
    assert.deepEqual(await play(limits, ["a", "b", "x", "b", "c", "b"]), [
      "ok",
      "TRANSITION_DENIED",
      "TOOL_DENIED",
      "TRANSITION_DENIED",
      "ok",
      "ok",
    ]);
  });

  test("a tool before those that it requires", async () => {
    const limits = { requireBefore: { deploy: ["test", "review"] } };
    assert.deepEqual(await play(limits, ["test", "deploy", "review", "deploy"]), [
      "ok",
      "REQUIRED_TOOL_MISSING",
      "ok",
      "ok",
    ]);
  });
});

suite("a guard's decision", () => {
  test("stands in the event itself, with limit and actual", async () => {
    await using journal = await fresh();
    const guard = journal.s.guard({ maxBytesRead: 10 });
    const call = { tool: "t", server: "files", agent: "a", id: "c-1", bytesRead: 2n ** 60n };
    const content = { arguments: "{}" };
    const { allowed, reason, receipt } = await guard.call(call, { content });
    const { event } = await journal.get(receipt.seq);
    const said = { code: "BYTES_READ_EXCEEDED", limit: 10, actual: "1152921504606846976" };
    const message = "1152921504606846976 bytes read would be more than 10";
    assert.deepEqual([allowed, reason], [false, { ...said, message }]);
    assert.deepEqual(event.data, {
      tool: "t",
      server: "files",
      requested: { bytesRead: "1152921504606846976" },
      allowed: false,
      reason,
    });
    assert.deepEqual([event.agent, event.id, event.session], ["a", "c-1", "s"]);
    assert.ok(await journal.content(receipt.seq, "arguments"));
    assert.equal(journal.s.totals().bytesRead, 0n, "what was denied was not read");
    assert.equal(journal.s.totals().deniedInvocations, 1);
  });

  test("is seen by concurrent guards at once", async () => {
    await using journal = await fresh();
    const guards = Array.from({ length: 10 }, () => journal.s.guard({ maxCalls: 7 }));
    const decided = await Promise.all(guards.map((guard) => guard.call({ tool: "t" })));
    assert.equal(decided.filter(({ allowed }) => allowed).length, 7);
    assert.equal(new Set(decided.map(({ receipt }) => receipt.sealedSize)).size, 1);
  });

  test("of a thousand concurrent guards never exceeds a limit, in one commit", async () => {
    const disk = await newMemoryJournal();
    await using journal = await openInMemory(disk);
    const session = await journal.session("s");
    const gate = new Gate(disk);
    const held = session.append({ type: "note" });
    const limits = { maxCalls: 700, maxBytesRead: 2000, maxCallsPerTool: { a: 100 } };
    const guards = Array.from({ length: 1000 }, () => session.guard(limits));
    const asked = guards.map((guard, n) =>
      guard.call({ tool: n % 2 === 0 ? "a" : "b", bytesRead: n % 11 }),
    );
    const { bytesRead } = session.totals();
    assert.ok(bytesRead <= 2000n, "counted before anything is on disk");
    gate.stayOpen();
    const decided = await Promise.all(asked);
    await held;
    const allowed = decided.filter((one) => one.allowed);
    assert.ok(allowed.length > 300 && allowed.length <= 700, `${allowed.length} calls`);
    assert.equal(session.totals().bytesRead, bytesRead);
    assert.ok(bytesRead > 1990n, `${bytesRead}: the limit is used up`);
    const { calls, denied } = session.toolCounts().get("a")!;
    assert.deepEqual([calls, calls - denied], [500, 100]);
    assert.ok(new Set(decided.map(({ receipt }) => receipt.sealedSize)).size <= 2);
    assert.ok((await session.verify()).intact);
  });

  for (const [how, isKnown, isSlow] of [
    ["at once", true, false],
    ["later", true, true],
    ["before the agents' keys are known", false, false],
  ] as const) {
    test(`is seen by concurrent guards at once also when the agent signs it ${how}`, async () => {
      const disk = await newMemoryJournal();
      const agent = signerOf(testKey("agent-1"));
      const { key } = agent;
      const first = await openInMemory(disk);
      await first.addAgentKey({ agent: "agent-1", publicKey: formatVerifierKey(key) });
      if (!isKnown) await first.close();
      await using journal = isKnown ? first : await openInMemory(disk);
      const slow = { key, sign: async (message: Uint8Array) => agent.sign(message) };
      const signer = isSlow ? slow : agent;
      const session = await journal.session("s");
      const guards = Array.from({ length: 5 }, () => session.guard({ maxCalls: 2 }));
      const call = { tool: "t", agent: "agent-1", id: "c-1" };
      const asked = guards.map((guard, n) => guard.call({ ...call, id: `c-${n}` }, { signer }));
      const again = session.guard({}).call(call, { signer });
      const { allowed } = guards[0]!.check({ tool: "t" });
      const decided = await Promise.all(asked);
      assert.equal(allowed, false);
      assert.deepEqual(
        decided.map((one) => one.allowed),
        [true, true, false, false, false],
      );
      assert.equal((await again).receipt.seq, decided[1]!.receipt.seq);
      assert.equal(session.totals().invocations, 5);
      const refused = session.guard({}).call({ tool: "t", agent: "agent-2" }, { signer });
      await assert.rejects(refused, { code: "SIGNATURE_INVALID" });
      const unknown = signerOf(testKey("agent-3"));
      const stranger = session.guard({}).call({ tool: "t", agent: "agent-3" }, { signer: unknown });
      await assert.rejects(stranger, { code: "AGENT_KEY_UNKNOWN" });
      assert.equal(session.totals().invocations, 5, "what is refused counts no more");
      assert.equal((await journal.verify({ threads: 1 })).verdict, "intact");
    });
  }

  test("knows what was called before while something else of the session is being signed", async () => {
    await using journal = await fresh();
    const key = testKey("agent-1");
    await journal.addAgentKey({ agent: "agent-1", publicKey: formatVerifierKey(key) });
    const guard = journal.s.guard({ denyTransitions: [["a", "b"]], denySequences: [["a", "c"]] });
    await guard.call({ tool: "a" });
    const signing = Promise.withResolvers<Uint8Array>();
    const signer = { key, sign: () => signing.promise };
    const event = { type: "note", agent: "agent-1" };
    const refused = journal.s.append(event, { signer });
    const codes = ["a", "b", "c"].map((tool) => guard.check({ tool }).reason?.code);
    signing.reject(new Error("the agent has gone"));
    await assert.rejects(refused, /the agent has gone/);
    assert.deepEqual(codes, [undefined, "TRANSITION_DENIED", "SEQUENCE_DENIED"]);
    assert.equal(journal.s.agents().size, 0, "what was not signed is not counted");
  });

  test("costs the call one sync and one seal, with the call in the same line", async () => {
    const disk = await newMemoryJournal();
    await using journal = await openInMemory(disk);
    const guard = (await journal.session("s")).guard({ denyTools: ["rm"] });
    const steps: string[] = [];
    disk.beforeRun = async (run) => void steps.push(...run.map(({ kind }) => kind));
    for (const tool of ["ls", "rm"]) {
      steps.length = 0;
      const { receipt } = await guard.call({ tool });
      assert.deepEqual(steps, ["write", "sync", "write"], "ledger, its sync, head");
      const ledger = [...disk.files].find(([path]) => path.includes("/ledger/"))![1];
      const lines = Buffer.from(ledger).toString().trimEnd().split("\n").slice(-2);
      assert.match(lines[0]!, new RegExp(`"seq":${receipt.seq},.*"tool":"${tool}".*"allowed":`));
      assert.match(lines[1]!, /^\{"seal":/);
    }
  });

  test("of a repeated id is the first one, which is counted once", async () => {
    await using journal = await fresh();
    const guard = journal.s.guard({ maxCalls: 1 });
    const first = guard.call({ tool: "t", id: "c-1" });
    const again = await guard.call({ tool: "t", id: "c-1" });
    assert.equal((await first).allowed, true);
    assert.deepEqual([again.allowed, again.receipt.seq], [true, 0]);
    const denied = await guard.call({ tool: "t", id: "c-2" });
    assert.equal(denied.reason?.code, "CALLS_EXCEEDED");
    const lenient = journal.s.guard({});
    const { allowed, reason } = await lenient.call({ tool: "t", id: "c-2" });
    assert.deepEqual([allowed, reason], [false, denied.reason]);
    assert.equal(journal.s.length, 2);
  });

  test("for the id of another call is no, however much that one was allowed", async () => {
    await using journal = await fresh();
    const guard = journal.s.guard({ denyTools: ["rm"], maxBytesRead: 10, maxDepth: 1 });
    const call = { tool: "ls", id: "c-1", bytesRead: 5, delegationDepth: 1 };
    assert.equal((await guard.call(call)).allowed, true);
    const others: readonly GuardedCall[] = [
      { ...call, tool: "rm" },
      { ...call, bytesRead: 5000 },
      { ...call, delegationDepth: 2 },
    ];
    for (const other of others) {
      const { allowed, reason, receipt } = await guard.call(other);
      assert.deepEqual([allowed, reason?.code, receipt.seq], [false, "TOOL_NOT_ALLOWED", 0]);
    }
    const elsewhere = (await journal.session("t")).guard({});
    assert.equal((await elsewhere.call(call)).allowed, false, "of another session");
    assert.equal((await guard.call(call)).allowed, true, "and still, for the same call");
    const forged = { type: "tool.call", session: "s", id: "c-2", data: { tool: "x" } };
    await journal.append(forged);
    assert.equal((await guard.call({ tool: "rm", id: "c-2" })).allowed, false);
    assert.equal(journal.s.length, 2);
  });

  test("for the id of another kind of event is no", async () => {
    await using journal = await fresh();
    await journal.append({ type: "note", id: "n-1" });
    const { allowed } = await journal.s.guard({}).call({ tool: "t", id: "n-1" });
    assert.equal(allowed, false);
  });

  test("is the same after a restart, by what the session holds", async () => {
    const disk = await newMemoryJournal();
    const limits = { denySequences: [["a", "b"]], maxCallsPerTool: 1 };
    const before = await openInMemory(disk);
    await (await before.session("s")).guard(limits).call({ tool: "a" });
    await before.close();
    await using journal = await openInMemory(disk);
    const guard = (await journal.session("s")).guard(limits);
    assert.equal(guard.check({ tool: "b" }).reason?.code, "SEQUENCE_DENIED");
    assert.equal(guard.check({ tool: "a" }).reason?.code, "TOOL_CALLS_EXCEEDED");
  });
});

suite("a guard refuses", () => {
  test("a misspelt limit, and names the right one", async () => {
    await using journal = await fresh();
    const misspelt: readonly [object, RegExp][] = [
      [{ maxByteRead: 1 }, /did you mean maxBytesRead\?/],
      [{ maxcalls: 1 }, /did you mean maxCalls\?/],
      [{ denySequence: [] }, /did you mean denySequences\?/],
      [{ unrelatedOption: 1 }, /there are maxBytesRead, /],
    ];
    for (const [limits, message] of misspelt) {
      assert.throws(() => journal.s.guard(limits), { code: "OPTION_INVALID", message });
    }
  });

  test("a limit that is malformed", async () => {
    await using journal = await fresh();
    const malformed: readonly object[] = [
      { maxBytesRead: -1 },
      { maxBytesRead: 1.5 },
      { maxCostMicros: "18446744073709551616" },
      { maxCalls: Number.NaN },
      { maxCallsPerTool: { a: -1 } },
      { maxCallsPerTool: new Map([["a", 1]]) },
      { requireBefore: new Map([["a", ["b"]]]) },
      { requireBefore: 5 },
      { denyTools: "rm" },
      { denySequences: [["a"]] },
      { denySequences: [["a", "b", "c", "d"]] },
      { denySequences: ["ab"] },
      { denyTransitions: [["a", "b", "c"]] },
    ];
    for (const limits of malformed) {
      assert.throws(() => journal.s.guard(limits), { code: "OPTION_INVALID" });
    }
  });

  test("a call that is malformed, and records nothing", async () => {
    await using journal = await fresh();
    const guard = journal.s.guard({ maxBytesRead: 5 });
    const malformed: readonly object[] = [
      {},
      { tool: "" },
      { tool: "t", bytesRead: -1 },
      { tool: "t", bytesRead: Number.NaN },
      { tool: "t", byteRead: 5 },
      { tool: "t", delegationDepth: 2 ** 32 },
      { tool: "t", data: { bytesRead: 7 } },
      { tool: "t", data: { allowed: true } },
    ];
    for (const call of malformed) {
      assert.throws(() => guard.check(call as GuardedCall), { code: "OPTION_INVALID" });
      await assert.rejects(guard.call(call as GuardedCall), { code: "OPTION_INVALID" });
    }
    assert.equal(journal.s.length, 0);
  });
});
