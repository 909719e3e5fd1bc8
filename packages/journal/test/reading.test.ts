import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Entry, Journal } from "@stele/journal";
import { systemClock } from "@stele/store/node";
import { segmentsOf } from "./support/ledger-lines.ts";
import { MemoryDisk } from "./support/memory-disk.ts";
import {
  DIRECTORY,
  memoryWorld,
  newMemoryJournal,
  openInMemory,
} from "./support/memory-journal.ts";

const PAGE_BYTES = 1024 * 1024;

suite("a range", () => {
  const COUNT = 25;
  let journal: Journal;
  before(async () => {
    const disk = await newMemoryJournal({ segmentBytes: 1024 });
    journal = await openInMemory(disk);
    for (let index = 0; index < COUNT; index++) await journal.append({ type: "note" });
    assert.ok(segmentsOf(disk).length > 5);
  });

  test("has both its ends and is cut to what there is", async () => {
    const bounds = [undefined, -3, 0, 1, 7, 8, COUNT - 1, COUNT, 1000, Infinity];
    for (const from of bounds) {
      for (const to of bounds) {
        const wanted = Array.from({ length: COUNT }, (_, seq) => seq).filter(
          (seq) => seq >= (from ?? 0) && seq <= (to ?? COUNT),
        );
        assert.deepEqual(await seqsOf(journal.read({ from, to })), wanted);
        const reverse = journal.read({ from, to, reverse: true });
        assert.deepEqual(await seqsOf(reverse), wanted.toReversed());
      }
    }
  });

  test("with an end that is no place is refused", async () => {
    for (const range of [{ from: 1.5 }, { to: 1.5 }, { from: Number.NaN }, { to: Number.NaN }]) {
      await assert.rejects(seqsOf(journal.read(range)), { code: "OPTION_INVALID" });
    }
    await assert.rejects(journal.follow(0.5).next(), { code: "OPTION_INVALID" });
  });

  test("of one entry is what get gives; others are out of range", async () => {
    for (let seq = 0; seq < COUNT; seq++) assert.equal((await journal.get(seq)).seq, seq);
    for (const seq of [-1, COUNT, 0.5, Number.NaN, Infinity]) {
      await assert.rejects(journal.get(seq), { code: "SEQ_OUT_OF_RANGE" });
    }
  });

  test("may be left early, and read again", async () => {
    for await (const { seq } of journal.read()) if (seq === 3) break;
    assert.equal((await seqsOf(journal.read())).length, COUNT);
  });

  test("gives lines as they are stored", async () => {
    for await (const { entry, line } of journal.readLines({ from: 3, to: 9 })) {
      assert.deepEqual(JSON.parse(line), entry);
    }
  });
});

suite("a segment of several pages", () => {
  test("is read in both directions, and entry by entry", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    const count = 3000;
    const data = "x".repeat(1000);
    await Promise.all(
      Array.from({ length: count }, async () => journal.append({ type: "note", data })),
    );
    const seqs = Array.from({ length: count }, (_, seq) => seq);
    assert.deepEqual(await seqsOf(journal.read()), seqs);
    assert.deepEqual(await seqsOf(journal.read({ reverse: true })), seqs.toReversed());
    for (const seq of [0, 1, 999, 1500, count - 1]) assert.equal((await journal.get(seq)).seq, seq);
  });

  test("is read backwards when a page begins exactly where a line does", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    const data = "x".repeat(10_000);
    for (let index = 0; index < 110; index++) await journal.append({ type: "note", data });
    await journal.close();
    const padded = await padded1MiBBehindALine(disk);
    const seqs = await seqsOf(padded.read({ reverse: true }));
    assert.deepEqual(
      seqs,
      Array.from({ length: 111 }, (_, index) => 110 - index),
    );
  });

  test("is read although events hold what looks like entries, wherever a search looks", async () => {
    const data = Array.from({ length: 3500 }, () => ({ seq: 9, a: 1 }));
    for (let shift = 0; shift < 32; shift++) {
      const journal = await openInMemory(await newMemoryJournal());
      await journal.append({ type: "note", data: "y".repeat(shift) });
      for (let index = 1; index < 20; index++) await journal.append({ type: "note", data });
      for (let seq = 0; seq < 20; seq++) assert.equal((await journal.get(seq)).seq, seq);
      assert.equal((await seqsOf(journal.read({ reverse: true }))).length, 20);
    }
  });
});

suite("beside a writer", () => {
  test("a reader that knew the size before a rotation reads what it knew, in both directions", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 1024 });
    const journal = await openInMemory(disk);
    await journal.append({ type: "note" });
    await journal.append({ type: "note" });
    const head = disk.files.get(`${DIRECTORY}/head`)!;
    for (let index = 0; index < 8; index++) await journal.append({ type: "note" });
    assert.ok(segmentsOf(disk).length > 1);
    disk.files.set(`${DIRECTORY}/head`, head);
    assert.deepEqual(await seqsOf(journal.read()), [0, 1]);
    assert.deepEqual(await seqsOf(journal.read({ reverse: true })), [1, 0]);
    assert.deepEqual(await seqsOf(journal.read({ reverse: true, to: 0 })), [0]);
  });

  test("follow gives what is there and then each entry once it is sealed", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 1024 });
    const world = { ...memoryWorld(disk), clock: systemClock };
    const journal = await openInMemory(disk, { world });
    await journal.append({ type: "note" });
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of journal.follow(0, { signal: stop.signal })) {
        seen.push(seq);
        if (seq === 30) stop.abort();
      }
    })();
    for (let index = 0; index < 30; index++) await journal.append({ type: "note" });
    await following;
    assert.deepEqual(
      seen,
      Array.from({ length: 31 }, (_, seq) => seq),
    );
  });

  test("follow ends at once when it is stopped", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    const stop = new AbortController();
    const following = seqsOf(journal.follow(0, { signal: stop.signal }));
    stop.abort();
    assert.deepEqual(await following, []);
    assert.deepEqual(await seqsOf(journal.follow(0, { signal: AbortSignal.abort() })), []);
  });
});

suite("an empty journal", () => {
  test("has nothing to read, and is intact", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    assert.equal(await journal.size(), 0);
    assert.deepEqual(await seqsOf(journal.read()), []);
    assert.deepEqual(await seqsOf(journal.read({ reverse: true })), []);
    await assert.rejects(journal.get(0), { code: "SEQ_OUT_OF_RANGE" });
    await assert.rejects(journal.checkpoint(), { code: "SEQ_OUT_OF_RANGE" });
    const verdict = await journal.verify();
    assert.deepEqual(
      { verdict: verdict.verdict, size: verdict.size, sealedAt: verdict.assurance.sealedAt },
      { verdict: "intact", size: 0, sealedAt: null },
    );
  });
});

async function seqsOf(entries: AsyncIterable<Entry>): Promise<readonly number[]> {
  return (await Array.fromAsync(entries)).map(({ seq }) => seq);
}

/** Appends an entry of such a size that a line starts exactly a page before the end. */
async function padded1MiBBehindALine(disk: MemoryDisk): Promise<Journal> {
  const sizeWith = async (padding: number): Promise<[Journal, MemoryDisk, number]> => {
    const copy = new MemoryDisk(disk.files);
    const journal = await openInMemory(copy);
    await journal.append({ type: "note", data: "y".repeat(padding) });
    return [journal, copy, segmentsOf(copy)[0]!.bytes.length];
  };
  const [, copy, size] = await sizeWith(0);
  const entries = segmentsOf(copy)[0]!.lines.filter(({ kind }) => kind === "entry");
  const target = entries.find(({ start }) => start > size - PAGE_BYTES)!.start;
  const padding = target + PAGE_BYTES - size;
  const [journal, , paddedSize] = await sizeWith(padding);
  assert.equal(paddedSize - PAGE_BYTES, target);
  return journal;
}
