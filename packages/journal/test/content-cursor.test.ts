import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Entry, Journal } from "@stele/journal";
import { DIRECTORY, newMemoryJournal, openInMemory } from "./support/memory-journal.ts";
import type { MemoryDisk } from "./support/memory-disk.ts";

// A reader's `contents()`: what it reads must be what `content` reads, one by one.

suite("a cursor over contents", () => {
  test("reads what is read one by one: several segments, entries without, several names", async () => {
    const { journal, entries } = await filled();
    await expectSame(journal, entries);
    assert.ok(entries.length > 60);
  });

  test("also out of order, and twice", async () => {
    const { journal, entries } = await filled();
    await expectSame(journal, entries.toReversed());
    await expectSame(journal, [...entries.slice(20), ...entries.slice(10, 30), entries[29]!]);
  });

  test("goes on with what is appended meanwhile", async () => {
    const { journal, entries } = await filled();
    await using cursor = journal.contents();
    for (const entry of entries) await cursor.read(entry, "body");
    const { seq } = await journal.append({ type: "note" }, { content: { body: "later" } });
    const later = await cursor.read(await journal.get(seq), "body");
    assert.equal(Buffer.from(later!).toString(), "later");
  });

  test("tells of an erased one, and reads the others", async () => {
    const { journal, entries } = await filled();
    await journal.erase({ seqs: { from: 7, to: 8 }, reason: "asked to", by: "test" });
    await expectSame(journal, entries);
    await using cursor = journal.contents();
    await assert.rejects(cursor.read(entries[7]!, "body"), { code: "CONTENT_ERASED" });
  });

  test("tells of a damaged one, and reads the others", async () => {
    const { disk, journal, entries } = await filled();
    const path = `${DIRECTORY}/content/00000000000000000000.jsonl`;
    const bytes = Buffer.from(disk.files.get(path)!);
    bytes.write("A", bytes.indexOf("body of 3"));
    disk.files.set(path, bytes);
    await expectSame(journal, entries);
    await using cursor = journal.contents();
    await assert.rejects(cursor.read(entries[3]!, "body"), { code: "JOURNAL_DAMAGED", seq: 3 });
  });
});

async function filled(): Promise<{
  disk: MemoryDisk;
  journal: Journal;
  entries: readonly Entry[];
}> {
  const disk = await newMemoryJournal({ segmentBytes: 4096 });
  const journal = await openInMemory(disk);
  for (let seq = 0; seq < 64; seq++) {
    const body = `body of ${seq}`;
    const content = seq % 5 === 4 ? {} : { body, ...(seq % 3 === 0 ? { other: "more" } : {}) };
    await journal.append({ type: "note" }, { content });
  }
  return { disk, journal, entries: await Array.fromAsync(journal.read()) };
}

async function expectSame(journal: Journal, entries: readonly Entry[]): Promise<void> {
  await using cursor = journal.contents();
  for (const entry of entries) {
    for (const name of ["body", "other"]) {
      const alone = await outcome(journal.content(entry.seq, name));
      assert.deepEqual(await outcome(cursor.read(entry, name)), alone, `${name} of ${entry.seq}`);
    }
  }
}

async function outcome(reading: Promise<Uint8Array | undefined>): Promise<unknown> {
  return reading.then(
    (bytes) => bytes && Buffer.from(bytes).toString(),
    (error: unknown) => (error as Error).message,
  );
}
