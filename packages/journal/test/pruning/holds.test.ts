import assert from "node:assert/strict";
import { test } from "node:test";
import type { Journal } from "@stele/journal";
import { newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

async function fill(journal: Journal, count: number, session: string): Promise<void> {
  for (let at = 0; at < count; at++) await journal.append({ type: "test.event", session });
}

test("prune leaves what a hold is over, and the entry that states it, until it is released", async () => {
  const journal = await openInMemory(await newMemoryJournal({ segmentBytes: 1024 }));
  await fill(journal, 10, "one");
  await fill(journal, 1, "held");
  const { seq } = await journal.addHold({ name: "case 7", session: "held", reason: "a court" });
  await fill(journal, 30, "two");
  const held = await journal.prune({ before: 35 });
  assert.ok(held.first <= 10, `${held.first}`);
  assert.match(held.heldBy!, /case 7/);
  assert.equal((await journal.get(seq)).event.type, "stele.hold");
  assert.equal((await journal.prune({ before: 35 })).entries, 0);
  await journal.releaseHold("case 7", { reason: "settled" });
  const { first, heldBy } = await journal.prune({ before: 35 });
  assert.ok(first > seq);
  assert.equal(heldBy, null);
  const verdict = await journal.verify({ threads: 1 });
  assert.equal(verdict.verdict, "intact", verdict.firstBad?.reason);
  await journal.close();
});
