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

  test("finds another journal's entries in place of those that are kept", async () => {
    const [one, other] = [await called(), await called()];
    const session = await one.journal.session("s");
    for (const [{ journal }, tool] of [
      [one, "a"],
      [other, "b"],
    ] as const) {
      await journal.append({ type: "tool.call", session: "s", data: { tool } });
      await journal.append({ type: "tool.call", session: "s", data: { tool: "c" } });
      await journal.prune({ before: 40 });
    }
    assert.ok((await session.verify()).intact);
    for (const [path, bytes] of other.disk.files) one.disk.files.set(path, bytes);
    const { intact, mismatch } = await session.verify();
    assert.equal(intact, false);
    assert.deepEqual([mismatch?.index, mismatch?.what], [60, "entry"]);
    await Promise.all([one.journal.close(), other.journal.close()]);
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

/** Prunes, and does something once the first segment is about to go. */
async function whilePruning<T>(
  { disk, journal }: { readonly disk: MemoryDisk; readonly journal: Journal },
  before: number,
  act: () => Promise<T>,
): Promise<T> {
  const remove = disk.remove.bind(disk);
  let acting: Promise<T> | undefined;
  disk.remove = async (path) => {
    if (path.includes("/ledger/")) acting ??= act();
    return remove(path);
  };
  await journal.prune({ before });
  disk.remove = remove;
  return acting!;
}

suite("a session while its oldest entries are pruned", () => {
  for (const index of [true, false]) {
    const how = index ? "by the index" : "by the ledger";
    test(`is opened, and says from where on it counted, ${how}`, async () => {
      const { disk, journal } = await called();
      for (let n = 0; n < 30; n++) await journal.append({ type: "note", session: "t" });
      await journal.close();
      await using again = await openInMemory(disk, { index });
      const opening = { disk, journal: again };
      const session = await whilePruning(opening, 75, () => again.session("s"));
      const first = await again.first();
      assert.ok(first > 60, "all of it is gone");
      assert.deepEqual([session.length, session.countedFrom], [0, first]);
    });

    test(`is verified: what went meanwhile is missing, and no difference, ${how}`, async () => {
      const { disk, journal } = await called();
      await journal.close();
      await using again = await openInMemory(disk, { index });
      const session = await again.session("s");
      const opening = { disk, journal: again };
      const check = await whilePruning(opening, 40, () => session.verify());
      assert.deepEqual(check, { intact: true, length: 60, missing: await again.first() });
      assert.equal((await session.recent(1000)).length, 60 - check.missing);
    });

    test(`has nothing to give when all of it went, and verifies, ${how}`, async () => {
      const { disk, journal } = await called();
      await journal.close();
      await using again = await openInMemory(disk, { index });
      const session = await again.session("s");
      for (let n = 0; n < 30; n++) await again.append({ type: "note" });
      await again.prune({ before: 75 });
      assert.deepEqual(await session.verify(), { intact: true, length: 60, missing: 60 });
      assert.deepEqual(await Array.fromAsync(session.entries()), []);
      assert.deepEqual(await session.recent(1000), []);
      assert.equal(session.totals().bytesRead, 600n);
    });
  }

  test("leaves nothing out in silence of what it is giving, page by page", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 16_384 });
    await using journal = await openInMemory(disk, { index: true });
    const session = await journal.session("s");
    for (let commits = 0; commits < 5; commits++) {
      await Promise.all(Array.from({ length: 500 }, () => session.append({ type: "note" })));
    }
    const entries = session.entries();
    const given: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { seq } of entries) {
        if (given.push(seq) === 10) await journal.prune({ before: 2000 });
      }
    };
    await assert.rejects(read(), { code: "SEQ_PRUNED" });
    assert.deepEqual(given, [...given.keys()]);
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
