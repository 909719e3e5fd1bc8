import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { leafHash } from "@stele/core/hash";
import { formatVerifierKey } from "@stele/core/key";
import { formatHashField, leafOfLine } from "@stele/core/ledger";
import type { Journal } from "@stele/journal";
import { primitives, testKey } from "./support/key.ts";
import { segmentsOf, spliced } from "./support/ledger-lines.ts";
import { MemoryDisk } from "./support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "./support/memory-journal.ts";
import { checkPublished } from "./support/published-log.ts";

const OUT = "/site";
const VKEY = formatVerifierKey(testKey());

async function appendMany(journal: Journal, count: number): Promise<void> {
  const event = { type: "note", data: "x".repeat(50) };
  await Promise.all(Array.from({ length: count }, async () => journal.append(event)));
}

async function check(disk: MemoryDisk, options: { entries?: boolean } = {}): Promise<number> {
  return checkPublished(async (path) => disk.files.get(`${OUT}/${path}`), VKEY, options);
}

function published(disk: MemoryDisk): string[] {
  const paths = [...disk.files.keys()].filter((path) => path.startsWith(`${OUT}/`));
  return paths.map((path) => path.slice(OUT.length + 1)).toSorted();
}

async function journalOf(count: number): Promise<{ disk: MemoryDisk; journal: Journal }> {
  const disk = await newMemoryJournal({ segmentBytes: 32 * 1024 });
  const journal = await openInMemory(disk);
  await appendMany(journal, count);
  return { disk, journal };
}

suite("a published journal", () => {
  test("is a valid log, at every size, and has partial tiles where nothing else is", async () => {
    const { disk, journal } = await journalOf(0);
    let size = 0;
    for (const count of [1, 1, 200, 54, 1, 255, 400, 88, 700]) {
      await appendMany(journal, count);
      size += count;
      const { size: done, checkpoint, files } = await journal.publish(OUT);
      assert.equal(done, size);
      assert.ok(files > 0);
      assert.equal(Buffer.from(disk.files.get(`${OUT}/checkpoint`)!).toString(), checkpoint);
      assert.equal(await check(disk), size);
    }
    assert.deepEqual(
      published(disk).filter((path) => path.includes(".p/")),
      ["tile/0/006.p/164", "tile/1/000.p/3", "tile/1/000.p/6", "tile/1/000.p/1", "tile/1/000.p/2"]
        .concat("tile/entries/006.p/164")
        .toSorted(),
    );
    assert.deepEqual(await journal.publish(OUT), {
      size,
      checkpoint: await journal.checkpoint(),
      files: 0,
    });
  });

  test("is the same whether it was published step by step or at once", async () => {
    const { disk, journal } = await journalOf(300);
    await journal.publish(OUT);
    await appendMany(journal, 500);
    await journal.publish(OUT);
    const stepwise = new Map(disk.files);
    const other = new MemoryDisk([...disk.files].filter(([path]) => !path.startsWith(OUT)));
    await (await openInMemory(other)).publish(OUT);
    for (const path of published(other)) {
      assert.deepEqual(other.files.get(`${OUT}/${path}`), stepwise.get(`${OUT}/${path}`), path);
    }
  });

  test("needs no tiles in the journal, and is not misled by wrong ones", async () => {
    const { disk, journal } = await journalOf(700);
    await journal.publish(OUT);
    await appendMany(journal, 500);
    await journal.close();
    const tile = `${DIRECTORY}/tile/0/001`;
    assert.ok(disk.files.has(tile));
    disk.files.set(tile, new Uint8Array(8192));
    await (await openInMemory(disk)).publish(OUT);
    assert.equal(await check(disk), 1200);
    for (const path of disk.files.keys()) {
      if (path.startsWith(`${DIRECTORY}/tile`)) disk.files.delete(path);
    }
    const reader = await openInMemory(disk);
    await appendMany(reader, 100);
    await reader.publish(OUT);
    assert.equal(await check(disk), 1300);
  });

  test("can do without entries, and get them later", async () => {
    const { disk, journal } = await journalOf(600);
    await journal.publish(OUT, { entries: false });
    assert.ok(!published(disk).some((path) => path.startsWith("tile/entries")));
    assert.equal(await check(disk, { entries: false }), 600);
    await journal.publish(OUT);
    assert.equal(await check(disk), 600);
    await appendMany(journal, 600);
    await journal.publish(OUT, { entries: false });
    assert.equal(await check(disk, { entries: false }), 1200);
    await appendMany(journal, 1);
    await journal.publish(OUT);
    assert.equal(await check(disk), 1201);
  });
});

suite("publishing refuses", () => {
  async function assertConflict(disk: MemoryDisk, journal: Journal): Promise<void> {
    const before = new Map(disk.files);
    await assert.rejects(journal.publish(OUT), { code: "PUBLISH_CONFLICT" });
    const outside = published(disk).filter((path) => path !== "lock");
    for (const path of outside) {
      assert.equal(disk.files.get(`${OUT}/${path}`), before.get(`${OUT}/${path}`), path);
    }
  }

  function without(disk: MemoryDisk, directory: string): MemoryDisk {
    return new MemoryDisk([...disk.files].filter(([path]) => !path.startsWith(directory)));
  }

  test("where more entries were published than the journal has", async () => {
    const { disk, journal } = await journalOf(10);
    await journal.close();
    const older = without(disk, OUT);
    const newer = await openInMemory(disk);
    await appendMany(newer, 5);
    await newer.publish(OUT);
    for (const path of published(disk)) {
      older.files.set(`${OUT}/${path}`, disk.files.get(`${OUT}/${path}`)!);
    }
    await assertConflict(older, await openInMemory(older));
  });

  test("where other entries were published", async () => {
    const one = await journalOf(300);
    await one.journal.publish(OUT);
    const { disk, journal } = await journalOf(299);
    for (const data of ["another", "and more"]) await journal.append({ type: "note", data });
    for (const path of published(one.disk)) {
      disk.files.set(`${OUT}/${path}`, one.disk.files.get(`${OUT}/${path}`)!);
    }
    await assertConflict(disk, journal);
  });

  test("where something else lies", async () => {
    const { disk, journal } = await journalOf(10);
    for (const text of ["", "hello", "other.example\n3\nAAAA\n\n— x y\n"]) {
      disk.files.set(`${OUT}/checkpoint`, Buffer.from(text));
      await assertConflict(disk, journal);
    }
    await assert.rejects(journal.publish(DIRECTORY), { code: "PUBLISH_CONFLICT" });
  });

  test("an empty journal, and one whose ledger does not lead to its seal", async () => {
    const { disk, journal } = await journalOf(0);
    await assert.rejects(journal.publish(OUT), { code: "SEQ_OUT_OF_RANGE" });
    await appendMany(journal, 300);
    await journal.close();
    const ledger = `${DIRECTORY}/ledger/00000000000000000000.jsonl`;
    const bytes = Buffer.from(disk.files.get(ledger)!);
    const reader = await openInMemory(disk);
    bytes[bytes.indexOf('"seq":7,') + 90]! ^= 1;
    disk.files.set(ledger, bytes);
    await assert.rejects(reader.publish(OUT), { code: "JOURNAL_DAMAGED", seq: 7 });
    assert.ok(!published(disk).includes("checkpoint"));
  });

  test("one whose last entry is another than its checkpoint was signed for, with its right hash", async () => {
    const { disk, journal } = await journalOf(40);
    await journal.close();
    const reader = await openInMemory(disk);
    const { path, bytes, lines } = segmentsOf(disk).at(-1)!;
    const last = lines.findLast(({ kind }) => kind === "entry")!;
    const text = Buffer.from(bytes.subarray(last.start, last.end - 1)).toString();
    const leaf = leafOfLine(text).replace("xxxx", "yyyy");
    const line = leaf.slice(0, -1) + formatHashField(leafHash(primitives, Buffer.from(leaf)));
    disk.files.set(path, spliced(bytes, [last.start, last.end], Buffer.from(line)));
    const refused = { code: "JOURNAL_DAMAGED", message: /was signed for other entries/ };
    await assert.rejects(reader.publish(OUT), refused);
    assert.ok(!published(disk).includes("checkpoint"));
  });
});
