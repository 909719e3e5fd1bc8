import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { openMemoryJournal } from "@stele/journal/memory";
import { recordTypes } from "@stele/records";

const MAX = 2n ** 64n - 1n;

suite("guards and budgets of a journal that checks its records", () => {
  test("record what the schemas of tool.call and budget.* allow, whatever is decided", async () => {
    await using journal = await openMemoryJournal({ records: recordTypes() });
    const session = await journal.session("s");
    const limits = {
      maxBytesRead: 10,
      maxCostMicros: MAX,
      maxDepth: 3,
      maxCalls: 3,
      denySequences: [["a", "b"]],
      allowTools: ["a", "b"],
    };
    const guard = session.guard(limits);
    const codes: (string | undefined)[] = [];
    for (const call of [
      { tool: "a", bytesRead: 10, costMicros: MAX },
      { tool: "a", bytesRead: 1n },
      { tool: "a", bytesRead: MAX, inputTokens: MAX },
      { tool: "a", costMicros: 1, delegationDepth: 3, server: "files", agent: "x", id: "c-1" },
      { tool: "a", delegationDepth: 2 ** 32 - 1 },
      { tool: "b" },
      { tool: "c", data: { arguments: {}, extra: [1] } },
    ]) {
      codes.push((await guard.call(call)).reason?.code);
    }
    assert.deepEqual(codes, [
      undefined,
      "BYTES_READ_EXCEEDED",
      "BYTES_READ_EXCEEDED",
      "COST_EXCEEDED",
      "DEPTH_EXCEEDED",
      "SEQUENCE_DENIED",
      "TOOL_NOT_ALLOWED",
    ]);
    const budget = await session.openBudget("b", MAX);
    await budget.reserve(MAX, { reservation: "r" });
    await budget.commit("r", MAX - 1n);
    await budget.release((await budget.reserve(1)).reservation);
    assert.equal(session.length, 12);
    assert.ok((await session.verify()).intact);
  });

  test("a call that a schema refuses is not allowed, not recorded and not counted", async () => {
    await using journal = await openMemoryJournal({ records: recordTypes() });
    const session = await journal.session("s");
    const guard = session.guard({ maxCalls: 1 });
    const tool = "t";
    await assert.rejects(guard.call({ tool, server: "" }), { code: "RECORD_INVALID" });
    assert.deepEqual([session.length, session.totals().invocations], [0, 0]);
    const { allowed } = await guard.call({ tool, server: "files" });
    assert.equal(allowed, true, "the refused call used nothing up");
  });
});
