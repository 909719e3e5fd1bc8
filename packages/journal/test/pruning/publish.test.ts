import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatVerifierKey } from "@stele/core/key";
import type { Journal } from "@stele/journal";
import { testKey } from "../support/key.ts";
import type { MemoryDisk } from "../support/memory-disk.ts";
import { newMemoryJournal, openInMemory } from "../support/memory-journal.ts";
import { checkPublished } from "../support/published-log.ts";

const OUT = "/site";
const VKEY = formatVerifierKey(testKey());

async function filled(count: number): Promise<{ disk: MemoryDisk; journal: Journal }> {
  const disk = await newMemoryJournal({ segmentBytes: 4096 });
  const journal = await openInMemory(disk);
  await fill(journal, count);
  return { disk, journal };
}

/** In commits of ten, so that segments are about as long. */
async function fill(journal: Journal, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 10) {
    const some = Array.from({ length: Math.min(10, left) }, () =>
      journal.append({ type: "test.event" }),
    );
    await Promise.all(some);
  }
}

async function check(disk: MemoryDisk, entries: boolean): Promise<number> {
  return checkPublished(async (path) => disk.files.get(`${OUT}/${path}`), VKEY, { entries });
}

function bundles(disk: MemoryDisk): string[] {
  const prefix = `${OUT}/tile/entries/`;
  const paths = [...disk.files.keys()].filter((path) => path.startsWith(prefix));
  return paths.map((path) => path.slice(prefix.length)).toSorted();
}

suite("publishing a pruned journal", () => {
  test("goes on without a gap where the site has what is gone", async () => {
    const { disk, journal } = await filled(300);
    await journal.publish(OUT);
    const { first } = await journal.prune({ before: 290 });
    assert.ok(first > 256);
    await fill(journal, 400);
    const { size } = await journal.publish(OUT);
    assert.equal(await check(disk, true), size);
    await journal.close();
  });

  test("leaves out bundles of what was never published", async () => {
    const { disk, journal } = await filled(600);
    const { first } = await journal.prune({ before: 300 });
    assert.ok(first > 256);
    await journal.publish(OUT);
    assert.equal(await check(disk, false), 601);
    assert.deepEqual(bundles(disk), ["002.p/89"]);
    await fill(journal, 100);
    await journal.publish(OUT);
    assert.equal(await check(disk, false), 701);
    assert.deepEqual(bundles(disk), ["002.p/189"].concat("002.p/89").toSorted());
    await journal.close();
  });

  test("keeps what was published before the gap", async () => {
    const { disk, journal } = await filled(300);
    await journal.publish(OUT);
    await fill(journal, 400);
    await journal.prune({ before: 600 });
    await journal.publish(OUT);
    assert.equal(await check(disk, false), 701);
    assert.deepEqual(bundles(disk), ["000", "001.p/44"]);
    await fill(journal, 400);
    const { files } = await journal.publish(OUT);
    assert.ok(files > 0 && files < 20, `${files} files`);
    assert.equal(await check(disk, false), 1101);
    assert.deepEqual(bundles(disk), ["000", "001.p/44", "003", "004.p/77"]);
    await journal.close();
  });
});
