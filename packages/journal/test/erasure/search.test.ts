import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseEvent } from "@stele/core/event";
import type { Journal } from "@stele/journal";
import type { MemoryDisk } from "../support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

// Selections and holds are looked for in the bytes of the ledger, before anything is read as JSON.

const WHY = { reason: "asked for" };

async function opened(): Promise<{ disk: MemoryDisk; journal: Journal }> {
  const disk = await newMemoryJournal();
  return { disk, journal: await openInMemory(disk) };
}

async function append(journal: Journal, text: string): Promise<number> {
  return (await journal.append(parseEvent(text), { content: { body: "x" } })).seq;
}

/** Changes the ledger's first segment, whose length stays. */
async function edit(disk: MemoryDisk, from: string, to: string): Promise<void> {
  const path = [...disk.files.keys()].find((name) => name.startsWith(`${DIRECTORY}/ledger/`))!;
  const bytes = Buffer.from(disk.files.get(path)!);
  const changed = Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
  assert.notDeepEqual(changed, bytes);
  await disk.run([{ kind: "replace", path, bytes: changed }]);
}

suite("what is to be erased is found", () => {
  const spellings: Record<string, readonly string[]> = {
    "ada/né": ['"ada/né"', '"ada\\/né"', '"\\u0061da/n\\u00e9"', '["bob","\\u0061da\\/né"]'],
    'a "b"\n\\': ['"a \\"b\\"\\n\\\\"', '"a \\u0022b\\"\\u000a\\\\"'],
    "/": ['"/"', '"\\/"'],
  };
  for (const [subject, all] of Object.entries(spellings)) {
    test(`${JSON.stringify(subject)}, however it is spelled`, async () => {
      const { journal } = await opened();
      const seqs: number[] = [];
      for (const text of all) {
        seqs.push(await append(journal, `{"type":"note","subject":${text}}`));
        await append(journal, '{"type":"note","subject":"another"}');
      }
      const { ranges } = await journal.erase({ subject, ...WHY });
      assert.deepEqual(
        ranges.map(({ from, to }) => [from, to]),
        seqs.map((seq) => [seq, seq]),
      );
      assert.equal((await journal.verify()).contents.erased, all.length);
      await journal.close();
    });
  }

  test("and nothing that stands between", async () => {
    const { journal } = await opened();
    for (const subject of ["a", "b", "a", "none", "a"]) {
      const content = subject === "none" ? {} : { content: { body: subject } };
      await journal.append({ type: "note", subject }, content);
    }
    const { ranges } = await journal.erase({ subject: "a", ...WHY });
    assert.deepEqual(
      ranges.map(({ from, to }) => [from, to]),
      [
        [0, 0],
        [2, 4],
      ],
    );
    await journal.close();
  });
});

suite("a changed ledger hides nothing", () => {
  test("a hold that was changed: nothing is erased, nothing is said to be free", async () => {
    const { disk, journal } = await opened();
    await journal.append({ type: "note", subject: "a" }, { content: { body: "x" } });
    await journal.addHold({ name: "case-1", subject: "a", reason: "court" });
    await edit(disk, '"type":"stele.hold"', '"type":"stele.hole"');
    const damaged = { code: "JOURNAL_DAMAGED", seq: 1 };
    await assert.rejects(journal.erase({ subject: "a", ...WHY }), damaged);
    await assert.rejects(journal.firstHeld({ from: 0, to: 0 }), damaged);
    await assert.rejects(journal.holds(), damaged);
    await journal.close();
  });

  test("an entry that was changed, so that it is about nobody, is damage", async () => {
    const { disk, journal } = await opened();
    await journal.append({ type: "note", subject: "ada" }, { content: { body: "x" } });
    await journal.append({ type: "note" });
    await edit(disk, '"subject":"ada"', '"subject":"bob"');
    await assert.rejects(journal.erase({ subject: "ada", ...WHY }), { code: "JOURNAL_DAMAGED" });
    await journal.close();
  });
});
