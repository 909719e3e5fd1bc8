import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SteleError, type Journal, type Verdict } from "@stele/journal";
import { checkEntryProof, parseEntryProof } from "@stele/core/evidence";
import { formatVerifierKey } from "@stele/core/key";
import { primitives, signerOf, testKey } from "../support/key.ts";
import type { MemoryDisk } from "../support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

const pinned = formatVerifierKey(testKey());

/** A journal of so many entries in segments of about a dozen. */
async function filled(count: number): Promise<{ disk: MemoryDisk; journal: Journal }> {
  const disk = await newMemoryJournal({ segmentBytes: 4096 });
  const journal = await openInMemory(disk);
  await fill(journal, count);
  return { disk, journal };
}

async function fill(journal: Journal, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    await journal.append({ type: "test.event", data: { at } });
  }
}

function segments(disk: MemoryDisk, directory = "ledger"): number[] {
  const holder = `${DIRECTORY}/${directory}/`;
  const names = [...disk.files.keys()].filter((path) => path.startsWith(holder));
  return names
    .map((path) => Number.parseInt(path.slice(holder.length), 10))
    .toSorted((a, b) => a - b);
}

async function codeOf(pending: Promise<unknown>): Promise<string | undefined> {
  const error = await pending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof SteleError ? error.code : undefined;
}

async function requireIntact(journal: Journal, key = pinned): Promise<Verdict> {
  const verdict = await journal.verify({ threads: 1, key });
  assert.equal(verdict.verdict, "intact", verdict.firstBad?.reason);
  return verdict;
}

suite("prune", () => {
  test("drops whole closed segments, and says so", async () => {
    const { disk, journal } = await filled(100);
    const before = segments(disk);
    const wanted = before[3]! + 1;
    const dry = await journal.prune({ before: wanted, dryRun: true });
    assert.deepEqual(segments(disk), before);
    const pruned = await journal.prune({ before: wanted, reason: "old", by: "tests" });
    assert.deepEqual({ ...pruned, receipt: null }, dry);
    assert.deepEqual(segments(disk), before.slice(3));
    assert.equal(pruned.first, before[3]);
    assert.equal(pruned.entries, before[3]);
    const entry = await journal.get(pruned.receipt!.seq);
    assert.equal(entry.event.type, "stele.pruned");
    const verdict = await requireIntact(journal);
    assert.equal(verdict.size, 101);
    assert.deepEqual(verdict.pruned, {
      entries: before[3],
      before: (await journal.get(before[3]!)).time,
      at: entry.time,
      seq: 100,
      reason: "old",
      by: "tests",
    });
    await journal.close();
  });

  test("what is kept is read and proven, what is gone has a code of its own", async () => {
    const { disk, journal } = await filled(700);
    const old = await journal.checkpoint();
    await fill(journal, 100);
    const first = segments(disk)[20]!;
    await journal.prune({ before: first });
    assert.equal(await codeOf(journal.get(first - 1)), "SEQ_PRUNED");
    assert.equal(await codeOf(journal.get(0)), "SEQ_PRUNED");
    assert.equal(await codeOf(journal.prove(3)), "SEQ_PRUNED");
    assert.equal(await codeOf(journal.get(9999)), "SEQ_OUT_OF_RANGE");
    const read = await Array.fromAsync(journal.read());
    assert.equal(read[0]?.seq, first);
    assert.equal(read.length, 801 - first);
    for (const seq of [first, first + 1, 511, 512, 700, 799, 800]) {
      const proof = parseEntryProof(Buffer.from(await journal.prove(seq)));
      const evidence = checkEntryProof(primitives, { key: testKey() }, proof);
      assert.ok(evidence.proven, `entry ${seq}`);
    }
    assert.equal((await journal.consistency(old)).verdict, "extends");
    await requireIntact(journal);
    await journal.close();
    const again = await openInMemory(disk);
    assert.equal(await again.first(), first);
    await fill(again, 300);
    await again.prune({ before: 900 });
    await requireIntact(again);
    assert.equal((await again.consistency(old)).verdict, "extends");
    await again.close();
  });

  test("goes across keys: the first one still proves everything", async () => {
    const { disk, journal } = await filled(40);
    await journal.rotateKey({ next: signerOf(testKey(undefined, 10 + 1)) });
    await fill(journal, 40);
    await journal.rotateKey({ next: signerOf(testKey(undefined, 10 + 2)) });
    await fill(journal, 40);
    await journal.prune({ before: 100 });
    await requireIntact(journal);
    await requireIntact(journal, formatVerifierKey(testKey(undefined, 10 + 1)));
    await requireIntact(journal, formatVerifierKey(testKey(undefined, 10 + 2)));
    assert.deepEqual((await journal.keys()).length, 3);
    const proof = parseEntryProof(Buffer.from(await journal.prove(120)));
    assert.ok(checkEntryProof(primitives, { key: testKey() }, proof).proven);
    await journal.close();
    const again = await openInMemory(disk, { signer: signerOf(testKey(undefined, 10 + 2)) });
    await fill(again, 5);
    await requireIntact(again);
    await again.close();
  });
});
