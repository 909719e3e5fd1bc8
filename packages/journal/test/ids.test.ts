import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Journal } from "@stele/journal";
import { Gate, settleTurns } from "./support/gate.ts";
import { newMemoryJournal, openInMemory } from "./support/memory-journal.ts";

const WINDOW = 4;

suite("an event with an id that was recorded", () => {
  test("is not recorded again: the first receipt comes back", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    const first = await journal.append({ type: "note", id: "a", data: 1 });
    const again = await journal.append(
      { type: "other", id: "a", data: 2 },
      { content: { text: "not stored" } },
    );
    assert.deepEqual(again, first);
    assert.deepEqual(await seqs(journal, "a"), [0]);
    assert.equal(journal.sealedSize, 1);
  });

  test("nor while the first is pending", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    const gate = new Gate(disk);
    const pending = [journal.append({ type: "note", id: "a" })];
    pending.push(journal.append({ type: "note", id: "a" }));
    await settleTurns();
    pending.push(journal.append({ type: "note", id: "a" }));
    gate.stayOpen();
    const [first, ...others] = await Promise.all(pending);
    for (const other of others) assert.deepEqual(other, first);
    assert.equal(journal.sealedSize, 1);
  });

  test("nor after reopening, across segments, and the receipt names the seal of that moment", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 1024 });
    const journal = await openInMemory(disk);
    const first = await journal.append({ type: "note", id: "a" });
    for (let index = 0; index < 20; index++) await journal.append({ type: "note" });
    await journal.close();
    const reopened = await openInMemory(disk);
    const again = await reopened.append({ type: "note", id: "a" });
    assert.deepEqual(again, { ...first, sealedSize: 21 });
    assert.equal(reopened.sealedSize, 21);
  });
});

suite("the window", () => {
  test("forgets an id when so many later entries have been recorded, with or without ids", async () => {
    const { journal } = await open();
    await journal.append({ type: "note", id: "a" });
    for (let index = 1; index < WINDOW; index++) await journal.append({ type: "note" });
    assert.equal((await journal.append({ type: "note", id: "a" })).seq, 0);
    assert.equal((await journal.append({ type: "note", id: "b" })).seq, WINDOW);
    assert.equal((await journal.append({ type: "note", id: "a" })).seq, WINDOW + 1);
  });

  test("is the same after reopening", async () => {
    for (const later of [WINDOW - 1, WINDOW]) {
      const { journal, disk } = await open();
      await journal.append({ type: "note", id: "a" });
      for (let index = 0; index < later; index++) await journal.append({ type: "note" });
      await journal.close();
      const reopened = await openInMemory(disk, { deduplicationWindow: WINDOW });
      const { seq } = await reopened.append({ type: "note", id: "a" });
      assert.equal(seq, later < WINDOW ? 0 : later + 1);
    }
  });

  test("of zero knows no id", async () => {
    const journal = await openInMemory(await newMemoryJournal(), { deduplicationWindow: 0 });
    assert.equal((await journal.append({ type: "note", id: "a" })).seq, 0);
    assert.equal((await journal.append({ type: "note", id: "a" })).seq, 1);
  });

  test("is not used up by events that are refused", async () => {
    const { journal } = await open();
    await journal.append({ type: "note", id: "a" });
    for (let index = 0; index < 3 * WINDOW; index++) await refuse(journal, `refused-${index}`);
    assert.equal((await journal.append({ type: "note", id: "a" })).seq, 0);
  });

  test("that is not a whole number is refused", async () => {
    for (const deduplicationWindow of [-1, 1.5, Number.NaN, 1_000_001]) {
      await assert.rejects(openInMemory(await newMemoryJournal(), { deduplicationWindow }), {
        code: "OPTION_INVALID",
      });
    }
  });
});

suite("an event that is refused", () => {
  test("frees its id", async () => {
    const { journal } = await open();
    await refuse(journal, "a");
    assert.equal((await journal.append({ type: "note", id: "a" })).seq, 0);
  });

  test("leaves the id that is then recorded its whole window", async () => {
    for (let between = 0; between < WINDOW; between++) {
      const { journal } = await open();
      await refuse(journal, "a");
      for (let index = 0; index < between; index++) await journal.append({ type: "note" });
      const { seq } = await journal.append({ type: "note", id: "a" });
      for (let index = 1; index < WINDOW; index++) await journal.append({ type: "note" });
      assert.equal((await journal.append({ type: "note", id: "a" })).seq, seq, `${between}`);
    }
  });

  test("does not take those with it that came with the same id meanwhile", async () => {
    const { journal } = await open();
    const refused = refuse(journal, "a");
    const others = [1, 2].map(async (data) => journal.append({ type: "note", id: "a", data }));
    await refused;
    const receipts = await Promise.all(others);
    assert.deepEqual(
      receipts.map(({ seq }) => seq),
      [0, 0],
    );
  });
});

suite("a repetition that asks for more", () => {
  test("is acknowledged as it asks", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    const gate = new Gate(disk);
    const queued = await journal.append({ type: "note", id: "a" }, { ack: "queued" });
    assert.equal(queued.sealedSize, null);
    let synced = false;
    const again = journal.append({ type: "note", id: "a" });
    void again.then(() => (synced = true));
    await settleTurns();
    assert.equal(synced, false);
    gate.stayOpen();
    assert.deepEqual(await again, { ...queued, sealedSize: 1 });
    assert.equal(journal.sealedSize, 1);
  });

  test("does not wait for appends that come later", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    const gate = new Gate(disk);
    await journal.append({ type: "note", id: "a" }, { ack: "queued" });
    const again = journal.append({ type: "note", id: "a" });
    await settleTurns();
    const later = journal.append({ type: "note" });
    gate.letGo();
    assert.equal((await again).sealedSize, 1);
    gate.stayOpen();
    await later;
  });

  test("is told when the entry came to nothing", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    const gate = new Gate(disk);
    await journal.append({ type: "note", id: "a" }, { ack: "queued" });
    const again = journal.append({ type: "note", id: "a" });
    gate.fail(new Error("broken"));
    await assert.rejects(again, { code: "WRITER_FAILED", seq: 0 });
  });
});

async function open(): Promise<{
  journal: Journal;
  disk: Awaited<ReturnType<typeof newMemoryJournal>>;
}> {
  const disk = await newMemoryJournal({ segmentBytes: 1024 });
  return { disk, journal: await openInMemory(disk, { deduplicationWindow: WINDOW }) };
}

async function refuse(journal: Journal, id: string): Promise<void> {
  const data = "x".repeat(70_000);
  await assert.rejects(journal.append({ type: "note", id, data }), { code: "EVENT_TOO_LARGE" });
}

async function seqs(journal: Journal, id: string): Promise<readonly number[]> {
  const entries = await Array.fromAsync(journal.read());
  return entries.filter(({ event }) => event.id === id).map(({ seq }) => seq);
}
