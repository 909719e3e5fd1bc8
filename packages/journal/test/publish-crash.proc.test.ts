import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { formatVerifierKey } from "@stele/core/key";
import { openJournal, SteleError, type Journal } from "@stele/journal";
import { createJournalFiles, type World } from "@stele/store";
import { SeededRandom, SimulatedClock, SimulatedDisk } from "@stele/store/testing";
import { Child } from "./support/child.ts";
import { primitives, signerOf, testKey } from "./support/key.ts";
import { checkPublished } from "./support/published-log.ts";
import { newJournal, openWhenFree, scratch } from "./support/scratch.ts";

const VKEY = formatVerifierKey(testKey());
const KILLS = 4;
const PUBLISHED_BEFORE_LAST = 4;
const DIRECTORY = "/journal";
const OUT = "/www/site";

suite("a crash while a journal is published leaves a valid log", () => {
  test("at every call: power cuts, and the death of the process", async () => {
    const { disk: before, calls } = await rehearse();
    assert.ok(calls > 60);
    let grown = 0;
    for (let call = 0; call < calls; call++) {
      const disk = before.kill();
      const journal = await open(disk);
      disk.crashAt(disk.trace.length + call);
      await journal.publish(OUT).catch((error: unknown) => assert.ok(error instanceof SteleError));
      for (const left of [disk.kill(), disk.crash(call)]) {
        const size = await check(left);
        assert.ok(size === 260 || size === 530, `${size} at call ${call}`);
        if (size === 530) grown++;
        if (call % 4 > 0) continue;
        await (await open(left)).publish(OUT);
        assert.equal(await check(left), 530);
        assert.equal(await check(left.crash(call)), 530, "what is published is durable");
      }
    }
    assert.ok(grown > 0, "some crashes came behind the checkpoint");
  });

  test(`kill -9, ${KILLS} times`, async () => {
    const root = scratch("publish");
    const directory = await newJournal(root, { segmentBytes: 64 * 1024 });
    const out = join(mkdtempSync(join(root, "out-")), "site");
    const random = new SeededRandom(1);
    const fetch = async (path: string): Promise<Buffer | undefined> =>
      readFile(join(out, path)).catch(() => undefined);
    let size = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = new Child("publisher-process.ts", [directory, out]);
      await child.wrote("open");
      // However slow the machine is, the last one is killed after it has published 500 entries.
      const lines = kill === KILLS - 1 ? 1 + PUBLISHED_BEFORE_LAST : 1;
      while (child.lines.length < lines && child.process.exitCode === null) await delay(10);
      await delay(random.below(250));
      const { lines: said, errors } = await child.kill();
      assert.equal(errors, "");
      const told = Number(said.at(-1)!.split(" ")[1] ?? 0);
      const found = await checkPublished(fetch, VKEY);
      assert.ok(found >= size && found >= told, `${found} after ${size} and ${told}`);
      size = found;
    }
    assert.ok(size > 500, "the kills came after something was published");
    await using journal = await openWhenFree(directory);
    await journal.publish(out);
    assert.equal(await checkPublished(fetch, VKEY), await journal.size());
  });
});

function worldOf(disk: SimulatedDisk): World {
  return { disk, clock: new SimulatedClock(), random: new SeededRandom(1), primitives };
}

async function open(disk: SimulatedDisk): Promise<Journal> {
  return openJournal(DIRECTORY, { world: worldOf(disk), signer: signerOf(testKey()) });
}

async function appendMany(journal: Journal, count: number): Promise<void> {
  const event = { type: "note" };
  await Promise.all(Array.from({ length: count }, async () => journal.append(event)));
}

/** A journal of 530 entries that was published at 260, and how many calls publishing it takes. */
async function rehearse(): Promise<{ disk: SimulatedDisk; calls: number }> {
  const disk = new SimulatedDisk();
  const key = testKey();
  await createJournalFiles(worldOf(disk), DIRECTORY, {
    signer: signerOf(key),
    segmentBytes: 65_536,
  });
  const journal = await open(disk);
  await appendMany(journal, 260);
  await journal.publish(OUT);
  await appendMany(journal, 270);
  await journal.close();
  const left = disk.kill();
  const again = await open(left.kill());
  await again.close();
  const rehearsal = left.kill();
  const publisher = await open(rehearsal);
  const start = rehearsal.trace.length;
  await publisher.publish(OUT);
  return { disk: left, calls: rehearsal.trace.length - start };
}

async function check(disk: SimulatedDisk): Promise<number> {
  const fetch = async (path: string): Promise<Uint8Array | undefined> => {
    const file = await disk.openRead(`${OUT}/${path}`).catch(() => undefined);
    if (!file) return undefined;
    const bytes = new Uint8Array(await file.size());
    await file.read(bytes, 0);
    return bytes;
  };
  return checkPublished(fetch, VKEY);
}
