import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatVerifierKey } from "@stele/core/key";
import { openJournal, SteleError, type Journal } from "@stele/journal";
import { SimulatedClock } from "@stele/store/testing";
import { FakeWitness } from "../support/fake-witness.ts";
import { signerOf, testKey } from "../support/key.ts";
import type { MemoryDisk } from "../support/memory-disk.ts";
import {
  DIRECTORY,
  memoryWorld,
  newMemoryJournal,
  openInMemory,
} from "../support/memory-journal.ts";

const pinned = formatVerifierKey(testKey());
const TILE = `${DIRECTORY}/tile/0/000`;

async function filled(
  count: number,
  segmentBytes = 1024,
): Promise<{ disk: MemoryDisk; journal: Journal }> {
  const disk = await newMemoryJournal({ segmentBytes });
  const journal = await openInMemory(disk);
  await fill(journal, count);
  return { disk, journal };
}

async function fill(journal: Journal, count: number): Promise<void> {
  for (let at = 0; at < count; at++) await journal.append({ type: "test.event" });
}

async function codeOf(pending: Promise<unknown>): Promise<string | undefined> {
  const error = await pending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof SteleError ? error.code : undefined;
}

async function requireIntact(journal: Journal): Promise<void> {
  const verdict = await journal.verify({ threads: 1, key: pinned });
  assert.equal(verdict.verdict, "intact", verdict.firstBad?.reason);
}

suite("what prune leaves", () => {
  test("the last segment, always", async () => {
    const { journal } = await filled(20);
    const { first } = await journal.prune({ before: 1_000_000 });
    assert.ok(first < 20);
    assert.equal((await journal.get(first)).seq, first);
    const again = await journal.prune({ before: 1_000_000 });
    assert.ok(again.first < (await journal.size()));
    await requireIntact(journal);
    await journal.close();
  });

  test("what the witnesses have not countersigned, whatever was published before", async () => {
    const { disk, journal: before } = await filled(20);
    await before.close();
    const witness = new FakeWitness();
    witness.failure = "it is away";
    const journal = await openInMemory(disk, { witness });
    const held = await journal.prune({ before: 15 });
    assert.deepEqual([held.first, held.entries], [0, 0]);
    assert.equal(held.heldBy, "the witnessed checkpoint, which covers 0 entries");
    witness.failure = undefined;
    await journal.witnessSealed();
    assert.ok((await journal.prune({ before: 15 })).first > 10);
    await journal.close();
  });

  test("everything, when an option is misspelt", async () => {
    const { journal } = await filled(20);
    for (const options of [{ dryrun: true }, { keepms: 1e9 }]) {
      const misspelt = journal.prune({ before: 15, ...options });
      await assert.rejects(misspelt, { code: "OPTION_INVALID", message: /did you mean/ });
    }
    assert.equal(await journal.first(), 0);
    await journal.close();
  });

  test("what a cursor still wants", async () => {
    const { journal } = await filled(20);
    await journal.setCursor("archive", 7);
    const held = await journal.prune({ before: 15 });
    assert.ok(held.first <= 7, `${held.first}`);
    assert.match(held.heldBy!, /archive/);
    await journal.removeCursor("archive");
    const { first, heldBy } = await journal.prune({ before: 15 });
    assert.ok(first > 7);
    assert.equal(heldBy, null);
    await journal.close();
  });

  test("a segment with one entry that is young enough, wherever it stands in it", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 2048 });
    const clock = new SimulatedClock();
    const world = { ...memoryWorld(disk), clock };
    const journal = await openJournal(DIRECTORY, { world, signer: signerOf(testKey()) });
    await fill(journal, 2);
    await clock.advance(10_000);
    await fill(journal, 1);
    const late = (await journal.get(2)).time;
    clock.nowMs = () => Date.parse(late) - 60_000;
    await fill(journal, 40);
    const none = await journal.prune({ before: late });
    assert.equal(none.entries, 0);
    assert.deepEqual((await journal.prune({ keepMs: 0 })).entries, 0);
    const all = await journal.prune({ before: new Date(Date.parse(late) + 1) });
    assert.ok(all.entries > 20);
    await journal.close();
  });

  test("everything, when it is not told what to drop, or told nonsense", async () => {
    const { journal } = await filled(20);
    for (const options of [{}, { before: -1 }, { before: "never" }, { keepMs: Number.NaN }]) {
      assert.equal(await codeOf(journal.prune(options)), "OPTION_INVALID");
    }
    assert.equal(await journal.first(), 0);
    await journal.close();
    assert.equal(await codeOf(journal.prune({ before: 9 })), "JOURNAL_CLOSED");
  });

  test("everything, when something of it is not intact", async () => {
    const { disk, journal } = await filled(20);
    const path = `${DIRECTORY}/ledger/${"0".repeat(20)}.jsonl`;
    const text = Buffer.from(disk.files.get(path)!).toString();
    disk.files.set(path, Buffer.from(text.replace("test.event", "test.other")));
    assert.equal(await codeOf(journal.prune({ before: 15 })), "JOURNAL_DAMAGED");
    assert.ok(disk.files.has(path));
    await journal.close();
  });
});

suite("what prune does on the way", () => {
  test("mends tiles that are missing or wrong before their entries go", async () => {
    for (const spoil of [
      () => undefined,
      (right: Uint8Array) => right.map((byte) => byte ^ 1),
      (right: Uint8Array) => right.subarray(1),
    ]) {
      const { disk, journal } = await filled(300, 4096);
      await journal.close();
      const again = await openInMemory(disk);
      const right = disk.files.get(TILE)!;
      const wrong = spoil(right);
      if (wrong) disk.files.set(TILE, Uint8Array.from(wrong));
      else disk.files.delete(TILE);
      await again.prune({ before: 40 });
      assert.deepEqual(disk.files.get(TILE), right);
      await requireIntact(again);
      // Nothing can mend what it holds of entries that are gone.
      disk.files.set(
        TILE,
        Uint8Array.from(right.map((byte, at) => (at === 100 ? byte ^ 1 : byte))),
      );
      assert.equal(await codeOf(again.prune({ before: 80 })), "JOURNAL_DAMAGED");
      await again.close();
    }
  });

  test("writes as many entries as it takes to name all that goes", async () => {
    const { journal } = await filled(450);
    const { entries, segments, receipt } = await journal.prune({ before: 440 });
    assert.ok(segments.length > 0 && entries > 400);
    assert.equal(receipt!.seq, await journal.size().then((size) => size - 1));
    await requireIntact(journal);
    await journal.close();
  });

  test("goes on for ever beside appends, as a bounded journal needs it", async () => {
    const { disk, journal } = await filled(0, 2048);
    for (let round = 0; round < 12; round++) {
      const appends = fill(journal, 40);
      await journal.prune({ before: Math.max(0, journal.sealedSize - 50) });
      await appends;
      assert.ok((await Array.fromAsync(journal.read())).length < 130);
    }
    await requireIntact(journal);
    const partials = [...disk.files.keys()].filter((path) => path.includes(".p/"));
    assert.ok(partials.length < 12, partials.join());
    await journal.close();
    const again = await openInMemory(disk);
    await requireIntact(again);
    await again.close();
  });

  test("lets a reader that is under way end with what it had, or with the reason", async () => {
    const { disk, journal } = await filled(60);
    const other = await openInMemory(disk);
    const seen: number[] = [];
    const code = await codeOf(
      (async () => {
        for await (const { seq } of other.read()) {
          seen.push(seq);
          if (seq === 3) await journal.prune({ before: 50 });
        }
      })(),
    );
    assert.ok(code === undefined || code === "SEQ_PRUNED", code);
    assert.deepEqual(seen, [...seen.keys()]);
    await journal.close();
  });
});

suite("keys", () => {
  test("of entries that are gone are proven on, prune after prune", async () => {
    const { disk, journal } = await filled(30);
    for (let seed = 20; seed < 24; seed++) {
      await journal.rotateKey({ next: signerOf(testKey(undefined, seed)) });
      await fill(journal, 10);
      await journal.prune({ before: journal.sealedSize - 12 });
      await requireIntact(journal);
    }
    await journal.close();
    const signer = signerOf(testKey(undefined, 23));
    const again = await openInMemory(disk, { signer });
    assert.equal((await again.keys()).length, 5);
    await requireIntact(again);
    assert.equal(await codeOf(openInMemory(disk)), "KEY_MISMATCH");
    await again.close();
  });
});
