import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SteleError, type Journal, type OpenOptions } from "@stele/journal";
import { SimulatedClock } from "@stele/store/testing";
import { FakeWitness } from "./support/fake-witness.ts";
import { settleTurns } from "./support/gate.ts";
import { signerOf, testKey } from "./support/key.ts";
import { MemoryDisk } from "./support/memory-disk.ts";
import {
  DIRECTORY,
  memoryWorld,
  newMemoryJournal,
  openInMemory,
} from "./support/memory-journal.ts";

const PATH = `${DIRECTORY}/checkpoint`;
const note = { type: "note" };

suite("DIR/checkpoint", () => {
  test("is the newest seal, a second after something was sealed", async () => {
    const { disk, clock, journal } = await start();
    await journal.append(note);
    await settleTurns();
    assert.equal(textOf(disk), undefined);
    await clock.advance(999);
    assert.equal(textOf(disk), undefined);
    await journal.append(note);
    await passSecond(clock);
    assert.equal(textOf(disk), await journal.checkpoint({ seal: true }));
    assert.equal(sizeOf(disk), 2);
  });

  test("is written once a second however much is sealed, and not while nothing is", async () => {
    const { disk, clock, journal } = await start();
    const written: number[] = [];
    disk.beforeRun = async (steps) => {
      if (steps.some((step) => step.kind === "replace" && step.path === PATH)) {
        written.push(journal.sealedSize);
      }
    };
    for (let tick = 0; tick < 30; tick++) {
      await journal.append(note);
      await clock.advance(100);
      await settleTurns();
    }
    assert.equal(written.length, 3);
    await passSecond(clock);
    const count = written.length;
    await passSecond(clock, 100_000);
    assert.equal(written.length, count);
  });

  test("is written as often as the opening says", async () => {
    const { disk, clock, journal } = await start({ checkpointIntervalMs: 50 });
    await journal.append(note);
    await clock.advance(50);
    await settleTurns();
    assert.equal(sizeOf(disk), 1);
    for (const checkpointIntervalMs of [0, -1, 0.5, Number.NaN, 3_600_001]) {
      await assert.rejects(openInMemory(disk, { checkpointIntervalMs }), {
        code: "OPTION_INVALID",
      });
    }
  });

  test("is up to date after a close, also of a journal that nothing was appended to", async () => {
    const { disk, journal } = await start();
    await journal.append(note);
    await journal.append(note);
    await journal.close();
    assert.equal(sizeOf(disk), 2);
    disk.files.delete(PATH);
    await (await openInMemory(disk)).close();
    assert.equal(sizeOf(disk), 2);
  });

  test("is not there for a journal without entries", async () => {
    const { disk, journal } = await start();
    await journal.close();
    assert.equal(textOf(disk), undefined);
  });

  test("is whole when the journal is closed while it is being written", async () => {
    const { disk, clock, journal } = await start();
    const passage = Promise.withResolvers<void>();
    disk.beforeRun = ([step]) => (step!.kind === "replace" ? passage.promise : Promise.resolve());
    await journal.append(note);
    await passSecond(clock);
    await journal.append(note);
    const closed = journal.close();
    await settleTurns();
    assert.equal(textOf(disk), undefined);
    passage.resolve();
    await closed;
    assert.equal(sizeOf(disk), 2);
  });

  test("that cannot be written is a problem and no failure, and is tried again", async () => {
    const problems: SteleError[] = [];
    const onProblem = (problem: SteleError): unknown => problems.push(problem);
    const { disk, clock, journal } = await start({ onProblem });
    const full = new SteleError("DISK_FULL", "no space left");
    disk.beforeRun = async ([step]) => {
      if (step!.kind === "replace" && step!.path === PATH) throw full;
    };
    await journal.append(note);
    for (let second = 0; second < 4; second++) await passSecond(clock, 10_000);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["DISK_FULL"],
      "told once",
    );
    assert.match(problems[0]!.message, /the checkpoint was not written: no space left/);
    assert.deepEqual(
      (await journal.status()).problems.map(({ code }) => code),
      ["DISK_FULL"],
    );
    assert.equal((await journal.append(note)).sealedSize, 2);
    disk.beforeRun = async () => {};
    await passSecond(clock, 64_000);
    assert.equal(sizeOf(disk), 2);
    assert.deepEqual((await journal.status()).problems, []);
    disk.beforeRun = async ([step]) => {
      if (step!.kind === "replace") throw full;
    };
    await journal.append(note);
    await journal.close();
    assert.equal(sizeOf(disk), 2);
  });

  test("keeps its cosignatures when the journal is opened without a witness", async () => {
    const { disk, clock, journal } = await start();
    await journal.append(note);
    await journal.close();
    const cosigned = new FakeWitness().sign(textOf(disk)!);
    disk.files.set(PATH, Buffer.from(cosigned));
    const again = await openInMemory(disk, { world: { ...memoryWorld(disk), clock } });
    await again.append(note);
    await passSecond(clock);
    assert.equal(await again.checkpoint(), cosigned);
    assert.match(await again.checkpoint({ seal: true }), /\n2\n/);
    await again.close();
    assert.equal(textOf(disk), cosigned);
  });

  test("that is of more entries than there are is damage", async () => {
    const { disk, journal } = await start();
    await journal.append(note);
    const before = new Map(disk.files);
    await journal.append(note);
    await journal.close();
    const newest = disk.files.get(PATH)!;
    const rolledBack = new MemoryDisk([...before, [PATH, newest]]);
    await assert.rejects(openInMemory(rolledBack), (error: SteleError) => {
      assert.equal(error.code, "JOURNAL_DAMAGED");
      assert.equal(error.seq, 1);
      assert.match(error.message, /its own checkpoint is of 2 entries, 1 are left/);
      return true;
    });
    assert.deepEqual(
      withoutLock(rolledBack),
      withoutLock(new MemoryDisk([...before, [PATH, newest]])),
    );
  });

  test("by a key that only lost entries named is damage too", async () => {
    const { disk, journal } = await start();
    await journal.append(note);
    const before = new Map(disk.files);
    await journal.rotateKey({ next: signerOf(testKey(undefined, 8)) });
    await journal.append(note);
    await journal.close();
    const rolledBack = new MemoryDisk([...before, [PATH, disk.files.get(PATH)!]]);
    await assert.rejects(openInMemory(rolledBack), { code: "JOURNAL_DAMAGED" });
  });

  test("that is no checkpoint of this journal hinders nothing and is replaced", async () => {
    const { disk, journal } = await start();
    await journal.append(note);
    await journal.close();
    const good = textOf(disk)!;
    const signature = good.lastIndexOf("=") - 20;
    const flipped = good[signature] === "A" ? "B" : "A";
    const forgeries = [
      "",
      "garbage",
      good.replace("\n1\n", "\n9\n"), // a size that was not signed
      `${good.slice(0, signature)}${flipped}${good.slice(signature + 1)}`,
      good.replaceAll("tests.example/journal", "tests.example/another"),
    ];
    for (const forgery of forgeries) {
      const copy = new MemoryDisk([...disk.files, [PATH, Buffer.from(forgery)]]);
      const opened = await openInMemory(copy);
      assert.equal(await opened.checkpoint(), good);
      await opened.append(note);
      await opened.close();
      assert.equal(sizeOf(copy), 2);
    }
  });
});

suite("the status of a journal", () => {
  test("says what is sealed and what is published", async () => {
    const { clock, journal } = await start();
    assert.deepEqual(await journal.status(), {
      size: 0,
      sealedAt: null,
      checkpoint: null,
      witnessed: null,
      problems: [],
    });
    const first = await journal.append(note);
    await passSecond(clock);
    const second = await journal.append(note);
    assert.deepEqual(await journal.status(), {
      size: 2,
      sealedAt: second.time,
      checkpoint: { size: 1, at: first.time },
      witnessed: null,
      problems: [],
    });
  });
});

interface Started {
  readonly disk: MemoryDisk;
  readonly clock: SimulatedClock;
  readonly journal: Journal;
}

async function start(options: OpenOptions = {}): Promise<Started> {
  const disk = await newMemoryJournal();
  const clock = new SimulatedClock();
  const world = { ...memoryWorld(disk), clock };
  return { disk, clock, journal: await openInMemory(disk, { world, ...options }) };
}

async function passSecond(clock: SimulatedClock, ms = 1000): Promise<void> {
  await settleTurns();
  await clock.advance(ms);
  await settleTurns();
}

function textOf(disk: MemoryDisk): string | undefined {
  const bytes = disk.files.get(PATH);
  return bytes && Buffer.from(bytes).toString();
}

function sizeOf(disk: MemoryDisk): number {
  return Number(textOf(disk)?.split("\n")[1]);
}

function withoutLock(disk: MemoryDisk): unknown {
  return [...disk.files].filter(([path]) => !path.endsWith("/lock"));
}
