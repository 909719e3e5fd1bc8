import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openReader, SteleError, type Journal } from "@stele/journal";
import { SeededRandom } from "@stele/store/testing";
import { Child } from "../support/child.ts";
import { newJournal, openWhenFree, scratch } from "../support/scratch.ts";

const KILLS = Number(process.env["STELE_ERASURE_KILLS"] ?? 3);
const root = scratch("erasure-kill");

test(`${KILLS} kills -9 of an erasing process leave no erasure undone; readers see none half done`, async () => {
  const directory = await newJournal(root, { segmentBytes: 16 * 1024 });
  const random = new SeededRandom(3);
  let below = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = new Child("eraser-process.ts", [directory]);
    await child.wrote("open");
    await child.wrote("erased");
    await readMeanwhile(directory);
    await delay(random.below(60));
    const { lines, errors } = await child.kill();
    assert.equal(errors, "");
    const sizes = lines.filter((line) => line.startsWith("erased ")).map((line) => line.slice(7));
    below = Math.max(below, ...sizes.map(Number));
    await checkAftermath(directory, below);
  }
});

/** While contents are being erased, a check and a read must not take that for damage. */
async function readMeanwhile(directory: string): Promise<void> {
  const reader = await openReader(directory);
  for (let count = 0; count < 2; count++) {
    const { verdict, firstBad } = await reader.verify({ threads: 1 });
    assert.equal(verdict, "intact", firstBad?.reason);
    const size = await reader.size();
    for (let seq = Math.max(0, size - 12); seq < size; seq++) {
      await reader.content(seq, "body").catch((error: unknown) => {
        assert.ok(error instanceof SteleError && error.code === "CONTENT_ERASED", String(error));
      });
    }
  }
}

async function checkAftermath(directory: string, below: number): Promise<void> {
  const { verdict, firstBad } = await (await openReader(directory)).verify();
  assert.equal(verdict, "intact", firstBad?.reason);
  await using journal = await openWhenFree(directory);
  const after = await journal.verify();
  assert.equal(after.verdict, "intact", after.firstBad?.reason);
  assert.equal(after.contents.unerased, 0);
  assert.ok(after.contents.erased > 0);
  for await (const { seq, event } of journal.read()) {
    if (!event.content) continue;
    const body = await bodyOf(journal, seq);
    const isOfOther = event["subject"] === "user-2";
    if (isOfOther) assert.equal(body?.split(" ")[0], "user-2");
    else assert.ok(body === undefined || seq >= below, `entry ${seq} was to be erased`);
  }
}

async function bodyOf(journal: Journal, seq: number): Promise<string | undefined> {
  try {
    return Buffer.from((await journal.content(seq, "body"))!).toString();
  } catch (error) {
    assert.ok(error instanceof SteleError && error.code === "CONTENT_ERASED", String(error));
    return undefined;
  }
}
