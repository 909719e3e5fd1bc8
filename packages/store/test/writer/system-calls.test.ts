import assert from "node:assert/strict";
import { test } from "node:test";
import { append, changesDuring, newDisk, open } from "../support/journal.ts";

// The order of the calls is what makes a commit durable: these are the sequences that stand above
// the operations.

test("a commit: ledger, sync, head", async () => {
  const disk = await newDisk();
  const { writer } = await open(disk);
  const commit = ["write ledger/0", "sync ledger/0", "write head"];
  assert.deepEqual(await changesDuring(disk, async () => append(writer)), commit);
  assert.deepEqual(
    await changesDuring(disk, async () =>
      append(writer, 1, { ack: "written" }).then(async () => writer.settled()),
    ),
    commit,
  );
});

test("a commit with contents: content and its sync come before the ledger", async () => {
  const disk = await newDisk(1024 * 1024);
  const { writer } = await open(disk);
  const content = { body: "text" };
  const commit = [
    "write content/0",
    "sync content/0",
    "write ledger/0",
    "sync ledger/0",
    "write head",
  ];
  assert.deepEqual(await changesDuring(disk, async () => append(writer, 0, { content })), [
    "makeDirectory content",
    "syncDirectory .",
    "openWrite content/0",
    "syncDirectory content",
    ...commit,
  ]);
  assert.deepEqual(await changesDuring(disk, async () => append(writer, 1, { content })), commit);
  const three = [1, 2, 3];
  const both = async (): Promise<unknown> =>
    Promise.all(three.map(async (data) => append(writer, data, { content })));
  assert.deepEqual(await changesDuring(disk, both), [
    ...three.map(() => "write content/0"),
    ...commit.slice(1),
  ]);
});

test("a rotation: the new segment is whole and named before anything is written to it", async () => {
  const disk = await newDisk();
  const { writer } = await open(disk);
  await append(writer, "x".repeat(1024));
  assert.deepEqual(await changesDuring(disk, async () => append(writer)), [
    "openWrite ledger/1.tmp",
    "truncate ledger/1.tmp",
    "write ledger/1.tmp",
    "sync ledger/1.tmp",
    "rename ledger/1.tmp to ledger/1",
    "syncDirectory ledger",
    "openWrite ledger/1",
    "write ledger/1",
    "sync ledger/1",
    "write head",
  ]);
});

test("close: the head is synced, then the lock is released", async () => {
  const disk = await newDisk();
  const journal = await open(disk);
  await append(journal.writer);
  assert.deepEqual(await changesDuring(disk, async () => journal.close()), [
    "sync head",
    "release lock",
  ]);
});

test("creation: the manifest comes last, when all that it stands for is durable", async () => {
  const disk = await newDisk();
  const calls = disk.trace.map(({ operation, path }) => `${operation} ${path}`);
  const lastOther = calls.findLastIndex((call) => /ledger|head|content|quarantine/.test(call));
  assert.deepEqual(calls.slice(lastOther), [
    "rename /journal/head.tmp",
    "syncDirectory /journal",
    "syncDirectory /",
    "openWrite /journal/stele.json.tmp",
    "truncate /journal/stele.json.tmp",
    "write /journal/stele.json.tmp",
    "sync /journal/stele.json.tmp",
    "rename /journal/stele.json.tmp",
    "syncDirectory /journal",
  ]);
});

test("creation: directories that were missing above the journal are durable too", async () => {
  const disk = await newDisk(1024, "/new/deep/journal");
  for (let seed = 0; seed < 20; seed++) {
    const names = await disk.crash(seed).list("/new/deep/journal");
    assert.ok(names.includes("stele.json"), `seed ${seed}`);
  }
});
