import assert from "node:assert/strict";
import { test } from "node:test";
import { SteleError } from "@stele/journal";
import type { Entry } from "../src/entry.ts";
import { JournalKeeper } from "../src/journal-keeper.ts";
import { FakeClock, settle } from "./support/fake-clock.ts";
import { FakeDisk } from "./support/fake-journal.ts";

const FULL = new SteleError("DISK_FULL", "no space left");

function keep(): { keeper: JournalKeeper; disk: FakeDisk; clock: FakeClock; logged: string[] } {
  const disk = new FakeDisk();
  const clock = new FakeClock();
  const logged: string[] = [];
  const log = (line: string): void => void logged.push(line);
  const keeper = new JournalKeeper({
    openJournal: disk.open,
    session: "s",
    agent: "a",
    clock,
    log,
  });
  return { keeper, disk, clock, logged };
}

function entry(id: string, more: Partial<Entry["event"]> = {}): Entry {
  return { event: { type: "tool.call", id, data: { tool: "rm" }, ...more }, gates: true };
}

async function rejects(promise: Promise<void>, code: string): Promise<void> {
  await assert.rejects(promise, { code });
}

test("an entry is recorded with the session and the agent", async () => {
  const { keeper, disk } = keep();
  await keeper.open();
  await keeper.record(entry("1"));
  assert.deepEqual(disk.events, [
    { type: "tool.call", id: "1", data: { tool: "rm" }, session: "s", agent: "a" },
  ]);
});

test("entries keep the order of the calls", async () => {
  const { keeper, disk } = keep();
  await Promise.all(["1", "2", "3"].map((id) => keeper.record(entry(id))));
  assert.deepEqual(
    disk.events.map(({ id }) => id),
    ["1", "2", "3"],
  );
  assert.equal(disk.opened, 1);
});

test("a failure that passes costs nothing: the journal is opened again and the entry is there", async () => {
  const { keeper, disk, logged } = keep();
  await keeper.record(entry("1"));
  disk.appendFailure = FULL;
  const recorded = Promise.all(["2", "3"].map((id) => keeper.record(entry(id))));
  await Promise.resolve();
  disk.appendFailure = undefined;
  await recorded;
  assert.deepEqual(
    disk.events.map(({ id }) => id),
    ["1", "2", "3"],
  );
  assert.equal(disk.opened, 2);
  assert.equal(disk.closed, 1, "the failed journal lets go of its lock first");
  assert.deepEqual(logged, []);
});

test("what was missed becomes one gap, before anything else, as soon as the journal opens", async () => {
  const { keeper, disk, clock, logged } = keep();
  await keeper.record(entry("1"));
  disk.appendFailure = FULL;
  disk.openFailure = FULL;
  await rejects(keeper.record(entry("2")), "DISK_FULL");
  await rejects(keeper.record(entry("3", { type: "tool.result", parent: "2" })), "DISK_FULL");
  disk.appendFailure = undefined;
  disk.openFailure = undefined;
  await clock.pass(1000);
  assert.deepEqual(disk.events.at(-1), {
    type: "stele.gap",
    data: {
      reason:
        "DISK_FULL: no space left; free space on the file system, then open the journal again",
      since: "2026-11-20T00:00:00.000Z",
      count: 2,
      types: { "tool.call": 1, "tool.result": 1 },
      tools: ["rm"],
      calls: ["2"],
    },
  });
  await keeper.record(entry("4"));
  assert.equal(disk.events.length, 3);
  assert.match(logged[0]!, /^cannot record: DISK_FULL/);
  assert.match(logged[1]!, /^recording again; a gap of 2 entries/);
});

test("a journal that stays broken is not hammered", async () => {
  const { keeper, disk, clock } = keep();
  await keeper.record(entry("1"));
  disk.appendFailure = FULL;
  for (let count = 0; count < 100; count++) await rejects(keeper.record(entry("x")), "DISK_FULL");
  assert.equal(disk.opened, 2, "once at the start, once after the failure");
  for (let second = 0; second < 60; second++) {
    await clock.pass(1000);
    await rejects(keeper.record(entry("x")), "DISK_FULL");
  }
  assert.ok(disk.opened <= 12, `${disk.opened} attempts in a minute`);
});

test("an event that the journal refuses harms no other, and is a gap too", async () => {
  const { keeper, disk } = keep();
  await keeper.record(entry("1"));
  disk.appendFailure = new SteleError("EVENT_TOO_LARGE", "too large");
  const refused = keeper.record(entry("2"));
  await Promise.resolve();
  disk.appendFailure = undefined;
  await rejects(refused, "EVENT_TOO_LARGE");
  await settle();
  assert.equal(disk.opened, 1);
  assert.equal(disk.of("stele.gap").length, 1);
});

test("a lock that another recorder is about to release is waited for", async () => {
  const { keeper, disk, clock } = keep();
  disk.openFailure = new SteleError("JOURNAL_LOCKED", "process 7 writes there");
  const recorded = keeper.record(entry("1"));
  await clock.pass(50);
  disk.openFailure = undefined;
  await clock.pass(50);
  await recorded;
  assert.equal(disk.events.length, 1);

  const other = keep();
  other.disk.openFailure = new SteleError("JOURNAL_LOCKED", "process 7 writes there");
  const refused = rejects(other.keeper.open(), "JOURNAL_LOCKED");
  for (let count = 0; count < 50; count++) await other.clock.pass(50);
  await refused;
});

test("closing tries once more, and is loud about what is lost", async () => {
  const { keeper, disk, logged } = keep();
  await keeper.record(entry("1"));
  disk.openFailure = FULL;
  disk.appendFailure = FULL;
  await rejects(keeper.record(entry("2")), "DISK_FULL");
  await keeper.close();
  assert.match(logged.at(-1)!, /^1 entries since .* are NOT in the journal \(DISK_FULL/);

  const mended = keep();
  await mended.keeper.record(entry("1"));
  mended.disk.appendFailure = FULL;
  await rejects(mended.keeper.record(entry("2")), "DISK_FULL");
  mended.disk.appendFailure = undefined;
  await mended.keeper.close();
  assert.equal(mended.disk.of("stele.gap").length, 1);
  assert.equal(mended.disk.closed, 3);
});

test("closing waits for what is pending, and counts it when it fails", async () => {
  const { keeper, disk, logged } = keep();
  await keeper.open();
  let release = (): void => undefined;
  disk.hold = new Promise((resolve) => {
    release = resolve;
  });
  const recorded = rejects(keeper.record(entry("1")), "DISK_FULL");
  const closed = keeper.close();
  disk.appendFailure = FULL;
  disk.openFailure = FULL;
  release();
  await Promise.all([recorded, closed]);
  assert.match(logged.at(-1)!, /^1 entries since .* are NOT in the journal/);
  assert.equal(disk.closed, 1);
});

test("what is missed while a gap is being recorded is not lost", async () => {
  const { keeper, disk, clock } = keep();
  disk.openFailure = FULL;
  await rejects(keeper.record(entry("1")), "DISK_FULL");
  disk.openFailure = undefined;
  disk.appendFailure = FULL;
  await clock.pass(1000);
  await rejects(keeper.record(entry("2")), "DISK_FULL");
  disk.appendFailure = undefined;
  await clock.pass(10_000);
  assert.deepEqual(
    disk.of("stele.gap").map(({ data }) => (data as { count: number }).count),
    [2],
  );
});

test("a gap fits into an entry, whatever the tools that it names are called", async () => {
  const { keeper, disk, clock } = keep();
  disk.openFailure = FULL;
  for (let count = 0; count < 60; count++) {
    // As clip.ts leaves a hostile name: each of the characters takes six in JSON.
    const tool = String(count).padStart(256, "\u0001");
    await rejects(keeper.record(entry(`call-${count}`, { data: { tool } })), "DISK_FULL");
  }
  disk.openFailure = undefined;
  await clock.pass(10_000);
  const [gap] = disk.of("stele.gap");
  const data = gap!.data as { count: number; tools: string[]; calls: string[] };
  assert.equal(data.count, 60);
  assert.equal(data.calls.length, 50);
  assert.ok(data.tools.length > 0);
  assert.ok(JSON.stringify(gap).length < 40_000, "an entry has at most 65,535 bytes");
});
