import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Journal } from "@stele/journal";
import type { MemoryDisk } from "../support/memory-disk.ts";
import { newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

async function called(): Promise<{ readonly disk: MemoryDisk; readonly journal: Journal }> {
  const disk = await newMemoryJournal({ segmentBytes: 2048 });
  const journal = await openInMemory(disk);
  for (let n = 0; n < 60; n++) {
    const data = { tool: n % 2 === 0 ? "read" : "write", bytesRead: 10 };
    const content = n % 5 === 0 ? { output: `text ${n}` } : {};
    await journal.append({ type: "tool.call", session: "s", data }, { content });
  }
  return { disk, journal };
}

suite("a session whose oldest entries were pruned", () => {
  test("goes on from what it counted, and says how many entries are gone", async () => {
    const { journal } = await called();
    const session = await journal.session("s");
    const { headHash } = session;
    const { first } = await journal.prune({ before: 40 });
    assert.ok(first > 20);
    assert.equal(session.totals().bytesRead, 600n);
    assert.deepEqual([session.headHash, session.countedFrom], [headHash, 0]);
    assert.deepEqual(await session.verify(), { intact: true, length: 60, missing: first });
    assert.equal((await session.recent(1000)).length, 60 - first);
    const seqs = (await Array.fromAsync(session.entries())).map(({ seq }) => seq);
    assert.deepEqual([seqs[0], seqs.length], [first, 60 - first]);
    await journal.close();
  });

  test("is after a restart that of the kept entries, and says no more, by index and ledger", async () => {
    const { disk, journal } = await called();
    const { first } = await journal.prune({ before: 40 });
    await journal.close();
    const kept = 60 - first;
    for (const index of [true, false]) {
      await using again = await openInMemory(disk, { index });
      const session = await again.session("s");
      assert.equal(session.length, kept);
      assert.equal(session.countedFrom, first, "it says what it cannot know");
      assert.equal(session.totals().bytesRead, BigInt(kept * 10));
      assert.equal(session.totals().invocations, kept);
      assert.equal(session.firstTime, (await again.get(first)).time);
      assert.deepEqual(await session.verify(), { intact: true, length: kept, missing: 0 });
      // So a limit counts what is kept: who needs more holds pruning back.
      const guard = session.guard({ maxCalls: kept + 1 });
      assert.equal(guard.check({ tool: "read" }).allowed, true);
    }
  });

  test("keeps its budget as long as nothing of it goes, which a hold sees to", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 2048 });
    const journal = await openInMemory(disk);
    const budget = await (await journal.session("s")).openBudget("b", 100);
    await budget.reserve(30, { reservation: "r" });
    await journal.addHold({ name: "budget", session: "s", reason: "it is in use" });
    for (let n = 0; n < 60; n++) await journal.append({ type: "note", data: "x".repeat(60) });
    const held = await journal.prune({ before: 40 });
    assert.deepEqual([held.first, held.heldBy], [0, 'the hold "budget"']);
    await journal.releaseHold("budget", { reason: "it is spent" });
    await budget.commit("r", 30);
    assert.ok((await journal.prune({ before: 40 })).first > 0);
    await journal.close();
    await using again = await openInMemory(disk);
    const session = await again.session("s");
    assert.throws(() => session.budget("b"), { code: "BUDGET_UNKNOWN" });
    assert.deepEqual(session.budgets(), [], "what is gone is not guessed");
  });
});

suite("a session of which something was erased", () => {
  test("has all its entries, sums and its head hash still; only the contents are gone", async () => {
    const { disk, journal } = await called();
    const session = await journal.session("s");
    const [totals, headHash] = [session.totals(), session.headHash];
    const { contents } = await journal.erase({ session: "s", reason: "asked to" });
    assert.equal(contents, 12);
    assert.deepEqual([session.totals(), session.headHash], [totals, headHash]);
    assert.deepEqual(await session.verify(), { intact: true, length: 60, missing: 0 });
    await assert.rejects(journal.content(5, "output"), { code: "CONTENT_ERASED" });
    await journal.close();
    await using again = await openInMemory(disk);
    const restored = await again.session("s");
    assert.deepEqual([restored.totals(), restored.headHash], [totals, headHash]);
    assert.equal((await restored.recent(60)).length, 60);
  });
});
