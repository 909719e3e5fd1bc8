import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { stemedb, type MappedEvent } from "@stele/import";
import { stemedbRecord } from "./support/stemedb.ts";

const AUDIT = {
  query_id: "q-1",
  agent: Array.from({ length: 32 }, (_, n) => n),
  timestamp: 1_795_217_732,
  params: { subject: "sun", predicate: "is", lifecycle: "Approved", epoch: null, lens: "recent" },
  result_hash: "AB".repeat(32),
  confidence: 0.75,
  contributing_assertions: [
    { assertion_hash: "cd".repeat(32), weight: 0.5, source_hash: null, lifecycle: "Approved" },
    {
      assertion_hash: "ef".repeat(32),
      weight: 1,
      source_hash: "01".repeat(32),
      lifecycle: "Draft",
    },
  ],
};

function map(payload: unknown): MappedEvent {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const bytes = Uint8Array.from(stemedbRecord(Buffer.from(text), "payload"));
  return stemedb.map({ index: 0, offsetBytes: 0, bytes, hash: "12".repeat(32), problem: null });
}

suite("what a stemedb record becomes", () => {
  test("a query audit in JSON is a query", () => {
    const event = map(AUDIT);
    assert.equal(event.type, "query");
    assert.equal(event.agent, Buffer.from(AUDIT.agent).toString("hex"));
    assert.deepEqual(event.data["contributions"], [
      { assertion: "cd".repeat(32), weight: 0.5, lifecycle: "Approved" },
      { assertion: "ef".repeat(32), weight: 1, source: "01".repeat(32), lifecycle: "Draft" },
    ]);
    assert.equal(event.data["queryId"], "q-1");
    assert.equal(event.data["resultHash"], "ab".repeat(32));
    assert.deepEqual(event.data["parameters"], AUDIT.params);
    assert.equal(map({ ...AUDIT, agent: null }).agent, undefined);
  });

  test("anything else is a record", () => {
    for (const other of [
      "not JSON",
      "{",
      "\u0000\u0001binary",
      '{"query_id":"q"}',
      { ...AUDIT, confidence: 2 },
      { ...AUDIT, result_hash: "ab" },
      { ...AUDIT, query_id: "" },
      { ...AUDIT, agent: 7 },
      { ...AUDIT, params: [] },
      { ...AUDIT, contributing_assertions: [{}] },
      { ...AUDIT, params: { long: "x".repeat(20_000) } },
    ]) {
      const { type, data } = map(other);
      assert.deepEqual([type, Object.keys(data)], ["stemedb.record", ["blake3", "sizeBytes"]]);
    }
  });
});
