import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { signingKey, formatVerifierKey, type Signer } from "@stele/core/key";
import { openJournal, SteleError, type Journal, type World } from "@stele/journal";
import { createJournalFiles } from "@stele/store";
import { SeededRandom, SimulatedClock, SimulatedDisk } from "@stele/store/testing";
import { quickPrimitives } from "../simulation/quick-primitives.ts";

// Every call of the disk that two prunes of a small journal make fails in every way, one at a time.

const DIRECTORY = "journal";
const NAME = "prune.example/journal";
const KEYS = [1, 2, 3].map((byte) =>
  signingKey(quickPrimitives, NAME, new Uint8Array(32).fill(byte)),
);
const pinned = formatVerifierKey(KEYS[0]!);

function worldOf(disk: SimulatedDisk): World {
  const clock = new SimulatedClock();
  return { disk, clock, random: new SeededRandom(1), primitives: quickPrimitives };
}

function signerOf(wanted: { readonly keyId: string } = KEYS[0]!): Signer {
  const key = KEYS.find(({ keyId }) => keyId === wanted.keyId)!;
  return { key, sign: (message) => quickPrimitives.sign(key.seed, message) };
}

function open(disk: SimulatedDisk): Promise<Journal> {
  return openJournal(DIRECTORY, { world: worldOf(disk), signer: signerOf });
}

async function fill(journal: Journal, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const content = at % 3 === 0 ? { content: { body: `body ${at}` } } : {};
    await journal.append({ type: "test.event", data: { at } }, content);
  }
}

/** An agent with two keys: both prunes drop an entry that names one. */
const AGENTS = [4, 5].map((byte): Signer => {
  const key = signingKey(quickPrimitives, "critic-1", new Uint8Array(32).fill(byte));
  return { key, sign: (message) => quickPrimitives.sign(key.seed, message) };
});

async function addAgent(journal: Journal, { key }: Signer): Promise<void> {
  await journal.addAgentKey({ agent: key.name, publicKey: formatVerifierKey(key) });
}

/** A journal of three keys, whose tiles of level 0 are not all full. Returns how many calls it took. */
async function prepare(disk: SimulatedDisk): Promise<number> {
  await createJournalFiles(worldOf(disk), DIRECTORY, { signer: signerOf(), segmentBytes: 8192 });
  const journal = await open(disk);
  const event = { type: "test.event" };
  await addAgent(journal, AGENTS[0]!);
  await Promise.all(Array.from({ length: 249 }, () => journal.append(event)));
  await fill(journal, 10);
  await journal.rotateKey({ next: signerOf(KEYS[1]) });
  await addAgent(journal, AGENTS[1]!);
  await fill(journal, 9);
  await journal.rotateKey({ next: signerOf(KEYS[2]) });
  await fill(journal, 8);
  for (const signer of AGENTS) {
    await journal.append({ type: "test.event", agent: "critic-1" }, { signer });
  }
  await journal.close();
  return disk.trace.length;
}

/** Two prunes, the second with a first one behind it. */
async function prune(disk: SimulatedDisk): Promise<void> {
  const journal = await open(disk);
  try {
    await journal.prune({ before: 262 });
    await fill(journal, 3);
    await journal.prune({ before: 281, reason: "again" });
  } finally {
    await journal.close().catch(() => undefined);
  }
}

async function checkAftermath(disk: SimulatedDisk): Promise<number> {
  const journal = await open(disk);
  const first = await journal.first();
  const { verdict, firstBad, pruned, signatures } = await journal.verify({
    threads: 1,
    key: pinned,
  });
  assert.equal(verdict, "intact", firstBad?.reason);
  assert.equal(pruned?.entries ?? 0, first);
  assert.equal(signatures.unchecked, 0);
  assert.ok(signatures.checked >= 2);
  const entries = await Array.fromAsync(journal.read());
  assert.equal(entries[0]?.seq, first);
  const cuts = entries
    .filter(({ event }) => event.type === "stele.pruned")
    .map(({ event }) => (event.data as { readonly first: number }).first);
  assert.equal(first, Math.max(0, ...cuts));
  for (const { seq, event } of entries) {
    if (event["content"] !== undefined) assert.ok(await journal.content(seq, "body"));
  }
  await journal.prove(281);
  for (const signer of AGENTS) {
    await journal.append({ type: "test.event", agent: "critic-1" }, { signer });
  }
  await journal.close();
  return first;
}

type Fault = (disk: SimulatedDisk, call: number) => void;

const FAULTS: Readonly<
  Record<string, { plan: Fault; after: (disk: SimulatedDisk, call: number) => SimulatedDisk }>
> = {
  "a power cut": {
    plan: (disk, call) => disk.crashAt(call),
    after: (disk, call) => disk.crash(call),
  },
  "the death of the process": {
    plan: (disk, call) => disk.crashAt(call),
    after: (disk) => disk.kill(),
  },
  "a failure before the effect": {
    plan: (disk, call) => disk.failAt(call, { when: "before", error: "DISK_IO" }),
    after: (disk, call) => (call % 2 === 0 ? disk.kill() : disk.crash(call)),
  },
  "a failure after the effect": {
    plan: (disk, call) => disk.failAt(call, { when: "after", error: "DISK_FULL" }),
    after: (disk, call) => (call % 2 === 0 ? disk.kill() : disk.crash(call + 1)),
  },
};

/** What is not worth a crash of its own: it changes nothing. */
const READING = new Set(["list", "openRead", "size", "read", "close"]);

// STELE_PRUNE_FAULTS=all runs every fault at every call; by default each call has one of them.
const isWhole = process.env["STELE_PRUNE_FAULTS"] === "all";

suite("a prune that is interrupted at any call is not begun, or is ended", async () => {
  const whole = new SimulatedDisk();
  await prepare(whole);
  const base = whole.kill();
  const traced = base.kill();
  await prune(traced);
  const calls = [...traced.trace.keys()].filter((at) => !READING.has(traced.trace[at]!.operation));
  for (const [index, [name, { plan, after }]] of Object.entries(FAULTS).entries()) {
    test(name, async () => {
      const firsts = new Set<number>();
      for (const [place, call] of calls.entries()) {
        if (!isWhole && place % 4 !== index) continue;
        const disk = base.kill();
        plan(disk, call);
        await prune(disk).catch((error: unknown) => assert.ok(error instanceof SteleError));
        const left = after(disk, call);
        const { operation, path } = traced.trace[call]!;
        firsts.add(await named(`call ${call}, ${operation} ${path}`, checkAftermath(left)));
        await named(`call ${call}, and a power cut`, checkAftermath(left.crash(call)));
      }
      assert.equal(firsts.size, 3, `cuts: ${[...firsts].join()}`);
    });
  }
});

async function named<T>(place: string, check: Promise<T>): Promise<T> {
  try {
    return await check;
  } catch (cause) {
    throw new Error(`${place}: ${String(cause)}`, { cause });
  }
}
