import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openReader } from "@stele/journal";
import { SeededRandom } from "@stele/store/testing";
import { Child } from "../support/child.ts";
import { newJournal, openWhenFree, scratch } from "../support/scratch.ts";

const KILLS = 6;
const root = scratch("prune-kill");

test(`kill -9 of a process that prunes, ${KILLS} times, loses nothing else`, async () => {
  const directory = await newJournal(root, { segmentBytes: 4096 });
  const random = new SeededRandom(1);
  const acknowledged = new Map<number, string>();
  let before = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = new Child("pruner-process.ts", [directory]);
    // Half of the kills come around a prune, however slow the machine is.
    await child.wrote(kill % 2 === 0 ? "before" : "open");
    await delay(random.below(150));
    const { lines, errors } = await child.kill();
    assert.equal(errors, "");
    for (const [name, value] of lines.map((line) => line.split(" "))) {
      if (name === "before") before = Math.max(before, Number(value));
      else if (name !== "open") acknowledged.set(Number(name), value!);
    }
    const found = await (await openReader(directory)).verify({ threads: 1 });
    assert.equal(found.verdict, "intact", found.firstBad?.reason);
    const journal = await openWhenFree(directory);
    const first = await journal.first();
    assert.ok(first <= before, `entries before ${first} are gone`);
    const hashes = new Map<number, string>();
    for await (const { seq, hash } of journal.read()) hashes.set(seq, hash);
    const kept = [...acknowledged].filter(([seq]) => seq >= first);
    for (const [seq, hash] of kept) assert.equal(hashes.get(seq), hash, `entry ${seq}`);
    const after = await journal.verify({ threads: 2 });
    assert.equal(after.verdict, "intact", after.firstBad?.reason);
    assert.equal(after.pruned?.entries ?? 0, first);
    await journal.close();
  }
  assert.ok(before > 0 && acknowledged.size > 100, "something was pruned");
});
