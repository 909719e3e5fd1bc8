import assert from "node:assert/strict";
import { test } from "node:test";
import type { SimulatedDisk } from "@stele/store/testing";
import { append, changesDuring, DIRECTORY, newDisk, open } from "../support/journal.ts";

const LEDGER = `${DIRECTORY}/ledger/00000000000000000000.jsonl`;

test("opening after a clean close writes nothing but the head and the lock", async () => {
  const disk = await newDisk();
  const journal = await open(disk);
  await append(journal.writer);
  await journal.close();
  assert.deepEqual(await changesDuring(disk, async () => open(disk)), [
    "lock lock",
    "openWrite ledger/0",
    "syncDirectory ledger",
    "openWrite head",
    "write head",
    "sync head",
    "syncDirectory .",
  ]);
});

test("what lies behind the durable mark is written again and synced before the mark is moved", async () => {
  const disk = await newDisk();
  const { writer } = await open(disk);
  await append(writer);
  const head = await contentOf(disk, `${DIRECTORY}/head`);
  await append(writer);
  const killed = disk.kill();
  await write(killed, `${DIRECTORY}/head`, head, 0);
  assert.deepEqual(await changesDuring(killed, async () => open(killed)), [
    "lock lock",
    "openWrite ledger/0",
    "write ledger/0",
    "sync ledger/0",
    "syncDirectory ledger",
    "openWrite head",
    "write head",
    "sync head",
    "syncDirectory .",
  ]);
});

test("what is cut is durable in quarantine before it is cut, and recorded before it is settled", async () => {
  const disk = await newDisk();
  const { writer } = await open(disk);
  await append(writer);
  const killed = disk.kill();
  const size = (await contentOf(killed, LEDGER)).length;
  await write(killed, LEDGER, Buffer.from('{"seq":1,"pr'), size);
  let journal: Awaited<ReturnType<typeof open>> | undefined;
  const calls = await changesDuring(killed, async () => (journal = await open(killed)));
  const name = `quarantine/ledger-0-${size}`;
  assert.deepEqual(calls, [
    "lock lock",
    "openWrite ledger/0",
    "makeDirectory quarantine",
    "syncDirectory .",
    `openWrite ${name}.pending.tmp`,
    `truncate ${name}.pending.tmp`,
    `write ${name}.pending.tmp`,
    `sync ${name}.pending.tmp`,
    `rename ${name}.pending.tmp to ${name}.pending`,
    "syncDirectory quarantine",
    "truncate ledger/0",
    "sync ledger/0",
    "syncDirectory ledger",
    "openWrite head",
    "write head",
    "sync head",
    "syncDirectory .",
    "write ledger/0",
    "sync ledger/0",
    "write head",
    `rename ${name}.pending to ${name}`,
    "syncDirectory quarantine",
  ]);
  assert.equal(journal!.recovered, 1);
});

test("a recovery is recorded whatever crash comes between the cut and the record", async () => {
  const disk = await newDisk();
  const { writer } = await open(disk);
  await append(writer);
  const killed = disk.kill();
  const size = (await contentOf(killed, LEDGER)).length;
  await write(killed, LEDGER, Buffer.from("{"), size);
  const callCount = await countCalls(killed.kill());
  for (let call = 0; call < callCount; call++) {
    const crashing = killed.kill();
    crashing.crashAt(call);
    await assert.rejects(open(crashing));
    const { writer: after } = await open(crashing.kill());
    assert.ok(after.sealedSize >= 2, `crash at call ${call}`);
  }
});

async function countCalls(disk: SimulatedDisk): Promise<number> {
  await open(disk);
  return disk.trace.length;
}

test("a segment that was being made is removed", async () => {
  const disk = await newDisk();
  await write(disk, `${LEDGER}.tmp`, Buffer.from("{"), 0);
  const calls = await changesDuring(disk, async () => open(disk));
  assert.ok(calls.includes("remove ledger/0.tmp"));
});

test("a refused opening releases the lock", async () => {
  const disk = await newDisk();
  const journal = await open(disk);
  await append(journal.writer);
  await journal.close();
  const good = await contentOf(disk, LEDGER);
  await write(disk, LEDGER, Buffer.from("x"), 200);
  await assert.rejects(open(disk), { code: "JOURNAL_DAMAGED", seq: 0 });
  await assert.rejects(open(disk), { code: "JOURNAL_DAMAGED", seq: 0 });
  await write(disk, LEDGER, good, 0);
  assert.equal((await open(disk)).writer.sealedSize, 1);
});

async function contentOf(disk: SimulatedDisk, path: string): Promise<Uint8Array> {
  const file = await disk.openRead(path);
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0);
  await file.close();
  return bytes;
}

async function write(
  disk: SimulatedDisk,
  path: string,
  bytes: Uint8Array,
  offsetBytes: number,
): Promise<void> {
  const file = await disk.openWrite(path);
  await file.write(bytes, offsetBytes);
  await file.close();
}
