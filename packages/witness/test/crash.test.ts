import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import { signingKey } from "@stele/core/key";
import type { World } from "@stele/store";
import { SeededRandom, SimulatedClock, SimulatedDisk } from "@stele/store/testing";
import { Witness } from "../src/witness.ts";
import { primitives, TestLog } from "./support/log.ts";

// A witness on a disk that fails at each call in turn, or whose power is cut there: what was signed
// before must be known afterwards, and nothing else may be signed then.

const STATE = "state";
const log = new TestLog();
const fork = new TestLog({ forkAt: 1 });
const key = signingKey(
  primitives,
  "tests.example/witness",
  new Uint8Array(32).fill(9),
  "cosignature",
);

async function freshDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  for (const part of ["checkpoints", "evidence"]) await disk.makeDirectory(`${STATE}/${part}`);
  const list = await disk.openWrite(`${STATE}/logs`);
  await list.write(utf8(`${log.vkey}\n`), 0);
  await list.sync();
  await list.close();
  for (const name of [STATE, "."]) await disk.syncDirectory(name);
  return disk;
}

async function open(disk: SimulatedDisk): Promise<Witness> {
  const world: World = {
    disk,
    clock: new SimulatedClock(),
    random: new SeededRandom(1),
    primitives,
  };
  return Witness.open(world, STATE, { key, ratePerSecond: 1e6, log: () => undefined });
}

async function status(witness: Witness, body: string): Promise<number> {
  return (await witness.addCheckpoint(utf8(body))).status;
}

/** Lets the log grow, one entry at a time, and returns the largest size that was signed. */
async function grow(witness: Witness): Promise<number> {
  let signed = 0;
  for (let size = 1; size <= 4; size++) {
    if ((await status(witness, log.request(size - 1, size))) === 200) signed = size;
    else break;
  }
  await status(witness, fork.request(signed, signed));
  return signed;
}

/** What the witness on this disk knows, and that it goes on from there alone. */
async function knownTo(disk: SimulatedDisk): Promise<number> {
  const witness = await open(disk);
  const note = witness.latest(log.hash);
  const size = Number(note?.split("\n")[1] ?? 0);
  if (size > 1) assert.notEqual(await status(witness, fork.request(size, size + 1)), 200);
  assert.equal(await status(witness, log.request(size, size + 1)), 200);
  return size;
}

/** The numbers of the calls that opening and growing make, and of the syncs of files among them. */
const { calls, syncs } = await (async () => {
  const disk = await freshDisk();
  const before = disk.trace.length;
  assert.equal(await grow(await open(disk)), 4);
  const numbered = disk.trace.map(({ operation }, call) => ({ operation, call })).slice(before);
  const numbers = (of: typeof numbered): number[] => of.map(({ call }) => call);
  const syncing = numbered.filter(({ operation }) => operation === "sync");
  return { calls: numbers(numbered), syncs: numbers(syncing) };
})();

test("the order of system calls is: write, sync, rename, sync of the directory", async () => {
  const disk = await freshDisk();
  const before = disk.trace.length;
  await status(await open(disk), log.request(0, 1));
  const changes = disk.trace.slice(before).map(({ operation, path }) => `${operation} ${path}`);
  const name = `${STATE}/checkpoints/${log.hash}`;
  assert.deepEqual(changes.slice(changes.indexOf(`openWrite ${name}.tmp`)), [
    `openWrite ${name}.tmp`,
    `truncate ${name}.tmp`,
    `write ${name}.tmp`,
    `sync ${name}.tmp`,
    `rename ${name}.tmp`,
    `syncDirectory ${STATE}/checkpoints`,
  ]);
});

test("a power cut at any call forgets nothing that was signed", async () => {
  for (const call of calls) {
    const disk = await freshDisk();
    disk.crashAt(call);
    const signed = await open(disk).then(grow, () => 0);
    for (let seed = 0; seed < 10; seed++) {
      const known = await knownTo(disk.crash(seed));
      assert.ok(known >= signed, `call ${call}, seed ${seed}: signed ${signed}, knows ${known}`);
    }
    assert.ok((await knownTo(disk.kill())) >= signed, `call ${call}: killed`);
  }
});

test("a call that fails ends the signing, and what was signed is known afterwards", async () => {
  const when = ["before", "after"] as const;
  for (const call of calls) {
    for (const fault of when) {
      const disk = await freshDisk();
      disk.failAt(call, { when: fault, error: "DISK_IO" });
      const signed = await open(disk).then(grow, () => 0);
      assert.ok((await knownTo(disk.crash(call))) >= signed, `call ${call} ${fault}`);
    }
  }
});

test("a sync that fails and then seems to succeed is not believed: nothing more is signed", async () => {
  assert.ok(syncs.length >= 5);
  for (const call of syncs) {
    const disk = await freshDisk();
    disk.dropSyncAt(call);
    const witness = await open(disk);
    const signed = await grow(witness);
    await assert.rejects(witness.failure, { code: "DISK_IO" });
    assert.equal(await status(witness, log.request(signed, signed + 1)), 503);
    assert.equal(await status(witness, log.request(signed, signed)), 503);
    assert.ok((await knownTo(disk.crash(call))) >= signed, `call ${call}`);
  }
});
