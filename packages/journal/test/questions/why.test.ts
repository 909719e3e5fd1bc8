import assert from "node:assert/strict";
import { test } from "node:test";
import { SteleError, type Journal } from "@stele/journal";
import type { ExplainedEntry, Explanation, Unexplained } from "@stele/journal/questions";
import { newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

const ASSERTION = "ab".repeat(32);
const SOURCE = "ef".repeat(32);

async function asked(): Promise<Journal> {
  const journal = await openInMemory(await newMemoryJournal());
  const session = "s-1";
  await journal.append({ type: "claim", id: ASSERTION, data: { text: "the sun is a star" } });
  await journal.append({ type: "decision", id: "d-1", session, data: { verdict: "admit" } });
  await journal.append({ type: "tool.call", id: "c-1", session, data: { tool: "search" } });
  await journal.append({ type: "tool.result", parent: "c-1", session, data: { outcome: "ok" } });
  const contributions = [
    { assertion: ASSERTION, weight: 0.75, source: SOURCE, lifecycle: "approved" },
    { assertion: "cd".repeat(32), weight: 0.25, lifecycle: "deprecated" },
  ];
  const data = { resultHash: "12".repeat(32), confidence: 0.9, contributions };
  await journal.append({ type: "query", id: "q-1", session, parent: "c-1", data });
  await journal.append({ type: "answer", id: "a-1", session, parent: "q-1" });
  return journal;
}

function ids({ causes }: ExplainedEntry): unknown {
  return causes.map((cause) =>
    "entry" in cause ? [cause.entry.event.id, ids(cause)] : `${cause.id} ${cause.reason}`,
  );
}

const shown = ({ before }: Explanation): unknown =>
  before.map(({ entry, outcomes }) => [
    entry.event.id,
    outcomes.map((outcome) => outcome.entry.event.type),
  ]);

test("why walks from an answer to the audit, its assertions, and the calls before it", async () => {
  await using journal = await asked();
  const why = await journal.why("a-1");
  assert.deepEqual(ids(why.subject), [["q-1", [["c-1", []]]]]);
  const { audit } = why.subject.causes[0] as ExplainedEntry;
  assert.equal(audit?.confidence, 0.9);
  const [first, second] = audit.contributions;
  assert.deepEqual(
    { ...first, entry: first?.entry?.seq },
    {
      assertion: ASSERTION,
      weight: 0.75,
      source: SOURCE,
      lifecycle: "approved",
      entry: 0,
    },
  );
  assert.equal(second?.entry, undefined);
  assert.deepEqual(shown(why), [
    ["d-1", []],
    ["c-1", ["tool.result"]],
    ["q-1", []],
  ]);
  assert.equal(why.omitted, 0);
});

test("why finds the audit that was recorded after the answer, as of it", async () => {
  await using journal = await openInMemory(await newMemoryJournal());
  await journal.append({ type: "answer", id: "a" });
  await journal.append({ type: "query", id: "q", parent: "a", data: { contributions: [] } });
  assert.deepEqual(ids((await journal.why("a")).subject), [["q", ["a cycle"]]]);
});

test("why shows a parent that is missing, and stops at a cycle", async () => {
  await using journal = await openInMemory(await newMemoryJournal());
  await journal.append({ type: "note", id: "lost", parent: "nobody" });
  await journal.append({ type: "note", id: "self", parent: "self" });
  await journal.append({ type: "note", id: "hen", parent: "egg" });
  await journal.append({ type: "note", id: "egg", parent: "hen" });
  const causes = async (id: string): Promise<unknown> => ids((await journal.why(id)).subject);
  assert.deepEqual(await causes("lost"), ["nobody missing"]);
  assert.deepEqual(await causes("self"), ["self cycle"]);
  assert.deepEqual(await causes("egg"), [["hen", ["egg cycle"]]]);
});

test("why follows a hundred causes, and says that there are more", async () => {
  await using journal = await openInMemory(await newMemoryJournal());
  for (let count = 0; count <= 102; count++) {
    await journal.append({ type: "note", id: `n-${count}`, parent: `n-${count - 1}` });
  }
  let node: ExplainedEntry | Unexplained = (await journal.why("n-102")).subject;
  let depth = 0;
  for (; "entry" in node; depth++) node = node.causes[0]!;
  assert.deepEqual([depth, node], [101, { id: "n-1", reason: "deep" }]);
});

test("why does not know an id that no event has", async () => {
  await using journal = await asked();
  await assert.rejects(journal.why("5"), (error) => {
    return error instanceof SteleError && error.code === "ID_UNKNOWN";
  });
});
