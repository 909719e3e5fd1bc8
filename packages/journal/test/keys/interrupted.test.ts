import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { formatSigningKey, formatVerifierKey } from "@stele/core/key";
import { SteleError, type Journal } from "@stele/journal";
import { createJournalFiles } from "@stele/store";
import { SeededRandom } from "@stele/store/testing";
import { Gate, settleTurns } from "../support/gate.ts";
import { isWiped, TestKeyFile } from "../support/key-file.ts";
import { signerOf, testKey } from "../support/key.ts";
import { segmentsOf, spliced } from "../support/ledger-lines.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { DIRECTORY, memoryWorld, newMemoryJournal } from "../support/memory-journal.ts";
import { scratch } from "../support/scratch.ts";

const root = scratch("interrupted");
const pinned = formatVerifierKey(testKey());
const full = new SteleError("DISK_FULL", "write /journal: no space left");

async function assertGoesOn(journal: Journal, size: number): Promise<void> {
  assert.equal((await journal.append({ type: "note" })).seq, size);
  const { verdict, firstBad } = await journal.verify({ key: pinned, threads: 1 });
  assert.equal(verdict, "intact", firstBad?.reason);
  await journal.close();
}

/** A disk with these files: what a crash left. */
function crashed(disk: MemoryDisk, changes: readonly (readonly [string, Uint8Array])[] = []) {
  return new MemoryDisk([...disk.files, ...changes]);
}

suite("a crash in a rotation", () => {
  test("before the entry leaves a new key that nobody needs", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    writeFileSync(file.nextPath, formatSigningKey(testKey(testKey().name, 9)));
    const journal = await file.open(disk);
    assert.equal(formatVerifierKey(file.key), pinned);
    await journal.rotateKey();
    assert.notEqual(formatVerifierKey(file.key), formatVerifierKey(testKey(testKey().name, 9)));
    await assertGoesOn(journal, 1);
  });

  test("in the middle of writing the new key leaves half of one", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    writeFileSync(file.nextPath, "PRIVATE+KEY+");
    const journal = await file.open(disk);
    await journal.rotateKey();
    await assertGoesOn(journal, 1);
  });

  test("behind the entry is ended by the next opening, which destroys the old key", async () => {
    for (const overwritten of [false, true]) {
      const disk = await newMemoryJournal();
      const file = new TestKeyFile(root);
      copyFileSync(file.path, `${file.path}.copy`);
      await rotateOnce(file, disk);
      copyFileSync(file.path, file.nextPath);
      copyFileSync(`${file.path}.copy`, file.path);
      if (overwritten) writeFileSync(file.path, new Uint8Array(100));
      const old = file.holdOld();
      const journal = await file.open(crashed(disk));
      assert.ok(isWiped(old));
      assert.ok(!existsSync(file.nextPath));
      await assertGoesOn(journal, 2);
    }
  });

  // After a failed sync the entry may be in the page cache only (spec/recovery.md section 3).
  test("behind the entry destroys no key before the entry is written again", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    copyFileSync(file.path, `${file.path}.copy`);
    await rotateOnce(file, disk);
    copyFileSync(file.path, file.nextPath);
    copyFileSync(`${file.path}.copy`, file.path);
    const failing = crashed(disk);
    failing.syncDirectory = async () => {
      throw full;
    };
    await assert.rejects(file.open(failing), { code: "DISK_FULL" });
    assert.equal(formatVerifierKey(file.key), pinned);
    assert.ok(existsSync(file.nextPath));
    await assertGoesOn(await file.open(crashed(disk)), 2);
  });

  // The seal was on disk before an entry in front of it. Whoever reads only the end takes the new
  // key for the present one, and destroys the old one, which is needed.
  test("that leaves a hole in front of the seal leaves the old key in force", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    copyFileSync(file.path, `${file.path}.copy`);
    const head = disk.files.get(`${DIRECTORY}/head`)!;
    const opened = await file.open(disk);
    await opened.append({ type: "note" });
    await opened.rotateKey();
    await opened.close();
    copyFileSync(file.path, file.nextPath);
    copyFileSync(`${file.path}.copy`, file.path);
    const [segment] = segmentsOf(disk);
    const [, entry, seal] = segment!.lines;
    // As if both entries had come in one commit: the first seal is not needed.
    const commit = spliced(segment!.bytes, [seal!.start, seal!.end]);
    commit.fill(0, entry!.start + 20, entry!.end - 20);
    const left = crashed(disk, [
      [segment!.path, commit],
      [`${DIRECTORY}/head`, head],
    ]);
    left.files.delete(`${DIRECTORY}/checkpoint`);
    const journal = await file.open(left);
    assert.equal(formatVerifierKey(file.key), pinned);
    assert.equal((await journal.get(0)).event.type, "stele.recovered");
    await journal.rotateKey();
    await assertGoesOn(journal, 2);
  });
});

suite("a recovery that fails", () => {
  test("leaves the key in force, if it was there after all", async () => {
    const disk = new MemoryDisk();
    const recoveryKey = testKey(testKey().name, 50);
    const recoveryKeyPath = new TestKeyFile(root, recoveryKey).path;
    const options = { signer: signerOf(testKey()), recoveryKey };
    await createJournalFiles(memoryWorld(disk), DIRECTORY, options);
    const file = new TestKeyFile(root);
    await rotateOnce(file, disk);
    copyFileSync(file.path, file.nextPath);
    writeFileSync(file.path, new Uint8Array(100));
    const failing = crashed(disk);
    failing.run = async () => {
      throw full;
    };
    // Other keys than those that the same randomness gave before.
    const recover = (left: MemoryDisk): Promise<Journal> => {
      const world = { ...memoryWorld(left), random: new SeededRandom(2) };
      return file.open(left, { recoveryKeyPath, world });
    };
    await assert.rejects(recover(failing), { code: "DISK_FULL" });
    await assertGoesOn(await file.open(crashed(disk)), 3);
    await assertGoesOn(await recover(crashed(disk)), 4);
  });
});

async function rotateOnce(file: TestKeyFile, disk: MemoryDisk): Promise<void> {
  const journal = await file.open(disk);
  await journal.append({ type: "note" });
  await journal.rotateKey();
  await journal.close();
}

suite("a disk that fails in a rotation", () => {
  test("before the entry is on disk: the old key stays in force", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    const journal = await file.open(disk);
    await journal.append({ type: "note" });
    const gate = new Gate(disk);
    const rotation = journal.rotateKey();
    while (gate.arrived === 0) await settleTurns();
    gate.fail(full);
    await assert.rejects(rotation, { code: "DISK_FULL" });
    await journal.close();
    assert.equal(formatVerifierKey(file.key), pinned);
    await assertGoesOn(await file.open(crashed(disk)), 1);
  });

  test("after which the entry turns out to be on disk: the key that it names is still there", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    const journal = await file.open(disk);
    await journal.append({ type: "note" });
    // Each write takes effect and is reported as failed.
    const run = disk.run.bind(disk);
    disk.run = async (steps) => {
      await run(steps);
      throw full;
    };
    await assert.rejects(journal.rotateKey(), { code: "DISK_FULL" });
    await assert.rejects(journal.rotateKey(), { code: "WRITER_FAILED" });
    await journal.close();
    assert.equal(formatVerifierKey(file.key), pinned);
    const old = file.holdOld();
    const reopened = await file.open(crashed(disk));
    assert.ok(isWiped(old));
    await assertGoesOn(reopened, 2);
  });

  test("when the old key is to be destroyed is told, and made up for", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    const journal = await file.open(disk);
    const gate = new Gate(disk);
    const rotation = journal.rotateKey();
    while (gate.arrived === 0) await settleTurns();
    // A directory cannot be opened for writing, whoever we are.
    renameSync(file.path, `${file.path}.aside`);
    mkdirSync(file.path);
    gate.stayOpen();
    await assert.rejects(rotation, (error: SteleError) => {
      assert.match(error.code, /^DISK_/);
      assert.match(error.message, /the new key seals from entry 1 on, but the old one was not/);
      return true;
    });
    rmdirSync(file.path);
    renameSync(`${file.path}.aside`, file.path);
    const old = file.holdOld();
    assert.equal((await journal.append({ type: "note" })).seq, 1);
    // The key that is in force waits beside the old one: it must not make room for the next.
    await journal.rotateKey();
    assert.ok(isWiped(old));
    await assertGoesOn(journal, 3);
    await assertGoesOn(await file.open(disk), 4);
  });
});
