import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openReader, type Entry, type Verdict } from "@stele/journal";
import { SeededRandom } from "@stele/store/testing";
import { Child } from "./support/child.ts";
import { newJournal, openWhenFree, scratch } from "./support/scratch.ts";

// STELE_KILLED_JOURNALS=6 and more kill longer.

/**
 * A journal gets this many kills, one after the other; more would mostly check the same entries
 * again.
 */
const KILLS = 10;
const JOURNALS = Number(process.env["STELE_KILLED_JOURNALS"] ?? 2);
/** Small, so that kills hit rotations. */
const SEGMENT_BYTES = 32 * 1024;

const root = scratch("kill");

suite("kill -9 of a writing process", { concurrency: 2 }, () => {
  for (let seed = 1; seed <= JOURNALS; seed++) {
    test(`${KILLS} times loses nothing acknowledged, blesses nothing unsealed (seed ${seed})`, async () => {
      const directory = await newJournal(root, { segmentBytes: SEGMENT_BYTES });
      const random = new SeededRandom(seed);
      const acknowledged = new Map<number, string>();
      for (let kill = 0; kill < KILLS; kill++) {
        await writeAndKill(directory, { seed: 1000 * seed + kill, random }, acknowledged);
        await checkAftermath(directory, acknowledged);
      }
      assert.ok(acknowledged.size > KILLS, "the kills came after something was acknowledged");
    });
  }
});

async function writeAndKill(
  directory: string,
  { seed, random }: { readonly seed: number; readonly random: SeededRandom },
  acknowledged: Map<number, string>,
): Promise<void> {
  const child = new Child("writer-process.ts", [directory, String(seed)]);
  // Every sixth kill comes at any moment of the start, the others while it writes.
  if (random.below(6) > 0) await child.wrote("open");
  await delay(random.below(120));
  const { lines, errors } = await child.kill();
  assert.equal(errors, "");
  for (const line of lines) {
    const [seq, hash] = line.split(" ");
    if (seq !== "open") acknowledged.set(Number(seq), hash!);
  }
}

async function checkAftermath(
  directory: string,
  acknowledged: ReadonlyMap<number, string>,
): Promise<void> {
  const reader = await openReader(directory);
  const found = await reader.verify();
  assert.equal(found.verdict, "intact", found.firstBad?.reason);
  checkAcknowledged(await Array.fromAsync(reader.read()), acknowledged);

  await using journal = await openWhenFree(directory);
  const entries = await Array.fromAsync(journal.read());
  checkAcknowledged(entries, acknowledged);
  checkOnlyRecovered(entries.slice(found.size), found);
  assert.equal((await journal.append({ type: "test.after" })).seq, entries.length);
  const after = await journal.verify();
  assert.equal(after.verdict, "intact", after.firstBad?.reason);
  assert.deepEqual(after.unsealed, { entries: 0, bytes: 0 });
}

function checkAcknowledged(
  entries: readonly Entry[],
  acknowledged: ReadonlyMap<number, string>,
): void {
  for (const [seq, hash] of acknowledged) assert.equal(entries[seq]?.hash, hash, `entry ${seq}`);
}

/** What no seal covered is not in the journal: in its place stands what was set aside. */
function checkOnlyRecovered(entries: readonly Entry[], { unsealed }: Verdict): void {
  const cut = { ledger: 0, content: 0 };
  for (const { event } of entries) {
    assert.equal(event.type, "stele.recovered");
    const { part, bytes } = event.data as { part: "ledger" | "content"; bytes: number };
    cut[part] += bytes;
  }
  assert.equal(cut.ledger, unsealed.bytes);
}
