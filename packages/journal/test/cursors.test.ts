import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "./support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "./support/memory-journal.ts";

test("cursors are set, moved, kept over reopening and removed", async () => {
  const disk = await newMemoryJournal();
  const journal = await openInMemory(disk);
  assert.deepEqual([...(await journal.cursors())], []);
  await journal.setCursor("index", 0);
  await journal.setCursor("archive-1_b", 7);
  await journal.setCursor("index", Number.MAX_SAFE_INTEGER);
  await journal.close();
  const reopened = await openInMemory(disk);
  assert.deepEqual(
    await reopened.cursors(),
    new Map([
      ["archive-1_b", 7],
      ["index", Number.MAX_SAFE_INTEGER],
    ]),
  );
  await reopened.removeCursor("archive-1_b");
  assert.deepEqual([...(await reopened.cursors()).keys()], ["index"]);
});

test("a cursor that cannot be is refused", async () => {
  const journal = await openInMemory(await newMemoryJournal());
  for (const name of ["", "A", "a b", "../a", "x".repeat(65), "a.tmp"]) {
    await assert.rejects(journal.setCursor(name, 1), { code: "CURSOR_INVALID" });
    await assert.rejects(journal.removeCursor(name), { code: "CURSOR_INVALID" });
  }
  for (const next of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
    await assert.rejects(journal.setCursor("index", next), { code: "CURSOR_INVALID" });
  }
  await assert.rejects(journal.removeCursor("never-set"), { code: "CURSOR_INVALID" });
  assert.deepEqual([...(await journal.cursors())], []);
});

test("a cursor file with anything else in it is told, not guessed", async () => {
  const disk = await newMemoryJournal();
  const journal = await openInMemory(disk);
  await journal.setCursor("index", 12);
  for (const text of ["", "x", "-1", "1.5", "012", "1e3", "\u0000", "9".repeat(20)]) {
    const files = new Map(disk.files).set(`${DIRECTORY}/cursors/index`, Buffer.from(text));
    const damaged = await openInMemory(new MemoryDisk(files));
    await assert.rejects(damaged.cursors(), { code: "CURSOR_INVALID" }, JSON.stringify(text));
  }
});
