import assert from "node:assert/strict";
import { mkdirSync, rmdirSync } from "node:fs";
import { suite, test } from "node:test";
import { formatVerifierKey } from "@stele/core/key";
import type { Journal, SteleError } from "@stele/journal";
import { createJournalFiles } from "@stele/store";
import { SimulatedClock } from "@stele/store/testing";
import { settleTurns } from "../support/gate.ts";
import { TestKeyFile } from "../support/key-file.ts";
import { signerOf, testKey } from "../support/key.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { DIRECTORY, memoryWorld } from "../support/memory-journal.ts";
import { scratch } from "../support/scratch.ts";

// Keys that are followed by others when they are an hour old.

const HOUR_MS = 3_600_000;
const root = scratch("age");

/** A journal that was just made, with its key in a file and a clock that waits to be told. */
class AgingJournal {
  readonly clock = new SimulatedClock();
  readonly file = new TestKeyFile(root);
  readonly problems: SteleError[] = [];
  readonly #disk = new MemoryDisk();

  static async make(): Promise<AgingJournal> {
    const made = new AgingJournal();
    const signer = signerOf(testKey());
    const options = { signer, rotateKeyEveryMs: HOUR_MS };
    await createJournalFiles(made.#world(), DIRECTORY, options);
    return made;
  }

  open(): Promise<Journal> {
    const onProblem = (problem: SteleError): void => void this.problems.push(problem);
    return this.file.open(this.#disk, { world: this.#world(), onProblem });
  }

  #world() {
    return { ...memoryWorld(this.#disk), clock: this.clock };
  }
}

/** Appends, waits for what that may set off, and says how many keys there are. */
async function keysAfterAppend(journal: Journal): Promise<number> {
  await journal.append({ type: "note" });
  for (let round = 0; round < 10; round++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    await settleTurns();
  }
  return (await journal.keys()).length;
}

suite("a key that has an age", () => {
  test("is followed by another with the next append, and says why", async () => {
    const made = await AgingJournal.make();
    const journal = await made.open();
    assert.equal(await keysAfterAppend(journal), 1);
    made.clock.jump(HOUR_MS - 1);
    assert.equal(await keysAfterAppend(journal), 1);
    made.clock.jump(1);
    assert.equal(await keysAfterAppend(journal), 2);
    assert.equal((await journal.keys())[0]!.reason, "aged");
    made.clock.jump(HOUR_MS - 1);
    assert.equal(await keysAfterAppend(journal), 2);
    made.clock.jump(1);
    assert.equal(await keysAfterAppend(journal), 3);
    const { verdict } = await journal.verify({ key: formatVerifierKey(testKey()), threads: 1 });
    assert.equal(verdict, "intact");
    await journal.close();
  });

  test("ages while nobody has the journal open", async () => {
    const made = await AgingJournal.make();
    made.clock.jump(HOUR_MS / 2);
    const first = await made.open();
    assert.equal(await keysAfterAppend(first), 1);
    await first.rotateKey();
    await first.close();
    made.clock.jump(HOUR_MS / 2);
    const second = await made.open();
    assert.equal(await keysAfterAppend(second), 2);
    await second.close();
    made.clock.jump(HOUR_MS / 2);
    const third = await made.open();
    assert.equal(await keysAfterAppend(third), 3);
    await third.close();
  });

  test("does not age, but does not stay for ever, when the clock is set back", async () => {
    const made = await AgingJournal.make();
    const journal = await made.open();
    made.clock.jump(-1000 * HOUR_MS);
    assert.equal(await keysAfterAppend(journal), 1);
    made.clock.jump(HOUR_MS - 1);
    assert.equal(await keysAfterAppend(journal), 1);
    made.clock.jump(1);
    assert.equal(await keysAfterAppend(journal), 2);
    await journal.close();
  });

  test("stays when it cannot be followed: that is told, and tried again an hour later", async () => {
    const made = await AgingJournal.make();
    const journal = await made.open();
    made.clock.jump(HOUR_MS);
    // The next key cannot be written where a directory lies.
    mkdirSync(made.file.nextPath);
    assert.equal(await keysAfterAppend(journal), 1);
    const { problems } = await journal.status();
    assert.deepEqual(
      problems.map(({ code }) => code),
      made.problems.map(({ code }) => code),
    );
    assert.equal(made.problems.length, 1);
    assert.match(made.problems[0]!.code, /^DISK_/);
    rmdirSync(made.file.nextPath);
    assert.equal(await keysAfterAppend(journal), 1);
    made.clock.jump(HOUR_MS);
    assert.equal(await keysAfterAppend(journal), 2);
    assert.deepEqual((await journal.status()).problems, []);
    await journal.close();
  });

  test("is as old as the last rotation on demand", async () => {
    const made = await AgingJournal.make();
    const journal = await made.open();
    made.clock.jump(HOUR_MS / 2);
    await journal.rotateKey();
    made.clock.jump(HOUR_MS / 2);
    assert.equal(await keysAfterAppend(journal), 2);
    made.clock.jump(HOUR_MS / 2);
    assert.equal(await keysAfterAppend(journal), 3);
    await journal.close();
  });
});
