import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import {
  formatSigningKey,
  formatVerifierKey,
  signingKey,
  signWith,
  type SigningKey,
} from "@stele/core/key";
import { formatSignatureLine } from "@stele/core/note";
import { openReader, type Journal, type Verdict } from "@stele/journal";
import { createJournalFiles } from "@stele/store";
import { SimulatedClock } from "@stele/store/testing";
import { COSIGNED_AT, FakeWitness } from "./support/fake-witness.ts";
import { primitives, signerOf, testKey } from "./support/key.ts";
import { MemoryDisk } from "./support/memory-disk.ts";
import {
  DIRECTORY,
  memoryWorld,
  newMemoryJournal,
  openInMemory,
} from "./support/memory-journal.ts";
import { newJournal, open, scratch } from "./support/scratch.ts";

const PATH = `${DIRECTORY}/checkpoint`;
const FIRST = testKey();
const SECOND = testKey(undefined, 8);
const NEVER = "that something was never recorded, or recorded wrongly by its writer";

suite("what witnesses saw", () => {
  test("is evidence in DIR/checkpoint, under a pinned key of theirs only", async () => {
    const witness = new FakeWitness();
    const { journal } = await witnessedAt(3, 5, [witness]);
    const plain = await journal.verify();
    assert.deepEqual([plain.anchored, plain.assurance.freshness], [null, "none"]);
    const { anchored, unanchored, assurance } = await journal.verify({ witnesses: [witness.vkey] });
    const at = "2026-06-01T00:00:00.000Z";
    assert.deepEqual(anchored, { size: 3, by: "witnesses", witnesses: ["witness.example"], at });
    assert.deepEqual(unanchored, { entries: 2, since: (await journal.get(3)).time });
    assert.equal(assurance.freshness, "witnessed");
    const stranger = await journal.verify({ witnesses: [new FakeWitness("x", 9).vkey] });
    assert.equal(stranger.anchored, null);
  });

  test("counts by a policy when its quorum saw it, from when it had", async () => {
    const all = [1, 2, 3].map((index) => new FakeWitness(`w${index}`, 20 + index));
    for (const [index, witness] of all.entries()) witness.atSeconds = COSIGNED_AT + 60 * index;
    const names = all.map(({ vkey }, index) => `witness w${index} ${vkey}`).join("\n");
    const policy = `${names}\ngroup two 2 w0 w1 w2\nquorum two\n`;
    const { journal } = await witnessedAt(3, 3, all);
    const { anchored } = await journal.verify({ policy });
    assert.deepEqual(anchored!.witnesses, ["w3", "w2", "w1"]);
    assert.equal(anchored!.at, "2026-06-01T00:01:00.000Z", "the second one made the quorum");
    const one = await witnessedAt(3, 3, all.slice(1, 2));
    assert.equal((await one.journal.verify({ policy })).anchored, null);
    const none = await one.journal.verify({ policy: `${names}\nquorum none\n` });
    assert.deepEqual(none.anchored!.witnesses, ["w2"]);
  });

  test("makes the journal stale when it is too old", async () => {
    const witness = new FakeWitness();
    const clock = new SimulatedClock(COSIGNED_AT * 1000);
    const { journal } = await witnessedAt(3, 5, [witness], clock);
    const witnesses = [witness.vkey];
    clock.jump(10_000);
    const of = async (maxAgeMs: number): Promise<Verdict> =>
      journal.verify({ witnesses, maxAgeMs });
    assert.equal((await of(10_000)).verdict, "intact");
    const { verdict, firstBad, size, cannotRuleOut } = await of(9999);
    assert.deepEqual([verdict, firstBad!.seq, size], ["stale", 3, 5]);
    assert.match(firstBad!.reason, /saw it at 2026-06-01T00:00:00.000Z last/);
    assert.match(cannotRuleOut.join("\n"), /entries from 3 on were removed/);
    // A kept checkpoint has no time, however new it is.
    const checkpoint = await journal.checkpoint({ seal: true });
    const kept = await journal.verify({ witnesses, checkpoint, maxAgeMs: 9999 });
    assert.deepEqual([kept.verdict, kept.anchored!.size], ["stale", 5]);
    await assert.rejects(journal.verify({ maxAgeMs: 1 }), { code: "OPTION_INVALID" });
    await assert.rejects(of(Number.NaN), { code: "OPTION_INVALID" });
  });

  test("does not make a damaged journal merely stale", async () => {
    const witness = new FakeWitness();
    const { disk, journal } = await witnessedAt(2, 4, [witness]);
    const path = `${DIRECTORY}/ledger/00000000000000000000.jsonl`;
    const text = Buffer.from(disk.files.get(path)!).toString();
    disk.files.set(path, Buffer.from(text.replace('"data":3', '"data":4')));
    const options = { witnesses: [witness.vkey], maxAgeMs: 0 };
    const { verdict, anchored, unanchored } = await journal.verify(options);
    assert.deepEqual([verdict, anchored!.size], ["tampered", 2]);
    assert.equal(unanchored.entries, 1);
  });

  test("is asked for by keys or by a policy, in their forms", async () => {
    const { journal } = await witnessedAt(1, 1, []);
    const { vkey } = new FakeWitness();
    const policy = `witness w ${vkey}\nquorum w\n`;
    await assert.rejects(journal.verify({ witnesses: [vkey], policy }), { code: "OPTION_INVALID" });
    await assert.rejects(journal.verify({ policy: "quorum w\n" }), { code: "POLICY_MALFORMED" });
    for (const wrong of [vkey.slice(1), formatVerifierKey(FIRST)]) {
      await assert.rejects(journal.verify({ witnesses: [wrong] }), { code: "KEY_MALFORMED" });
    }
  });
});

test("of two checkpoints of one size, what witnesses countersigned is named", async () => {
  const witness = new FakeWitness();
  const { journal } = await witnessedAt(3, 3, [witness]);
  const checkpoint = await journal.checkpoint({ seal: true });
  const { anchored } = await journal.verify({ checkpoint, witnesses: [witness.vkey] });
  assert.deepEqual([anchored!.size, anchored!.by], [3, "witnesses"]);
});

test("entries that lost their seal are anchored by nothing", async () => {
  const { disk, journal } = await filled(3, FIRST);
  const checkpoint = await journal.checkpoint({ seal: true });
  const path = `${DIRECTORY}/ledger/00000000000000000000.jsonl`;
  const lines = Buffer.from(disk.files.get(path)!)
    .toString()
    .split(/(?<=\n)/);
  disk.files.set(path, Buffer.from(lines.slice(0, -1).join("")));
  disk.files.delete(`${DIRECTORY}/head`);
  const { verdict, size, anchored } = await journal.verify({ checkpoint });
  assert.deepEqual([verdict, size, anchored], ["rolled-back", 2, null]);
});

test("a pinned key counts for more than the manifest", async () => {
  const { disk, journal } = await filled(2, FIRST);
  const path = `${DIRECTORY}/stele.json`;
  const text = Buffer.from(disk.files.get(path)!).toString();
  const [mine, theirs] = [FIRST, SECOND].map(formatVerifierKey);
  disk.files.set(path, Buffer.from(text.replace(mine!, theirs!)));
  assert.equal((await journal.verify()).verdict, "re-signed");
  assert.equal((await journal.verify({ key: mine })).verdict, "intact");
  assert.equal((await journal.verify({ key: theirs })).verdict, "re-signed");
});

suite("a journal that was rolled back", () => {
  test("to before a key change is told by its own checkpoint, if that is left", async () => {
    const { before, after } = await rotated();
    const journal = await openInMemory(new MemoryDisk(before));
    assert.equal((await journal.verify()).verdict, "intact");
    const forgotten = new MemoryDisk([...before, [PATH, after.get(PATH)!]]);
    const { verdict, firstBad } = await verifyFiles(forgotten);
    assert.deepEqual([verdict, firstBad!.seq], ["truncated", 2]);
  });

  test("to before a key change needs that key, or a witness", async () => {
    const { before, checkpoint } = await rotated();
    const disk = new MemoryDisk(before);
    await assert.rejects(verifyFiles(disk, { checkpoint }), {
      code: "NOTE_UNVERIFIED",
      fix: /the journal was rolled back to before that key/,
    });
    const pinned = await verifyFiles(disk, { checkpoint, key: formatVerifierKey(SECOND) });
    assert.deepEqual([pinned.verdict, pinned.size], ["re-created", 0]);
    assert.match(pinned.firstBad!.reason, /or was rolled back to before that key/);
    const witness = new FakeWitness();
    const seen = { checkpoint: witness.sign(checkpoint), witnesses: [witness.vkey] };
    const { verdict, firstBad } = await verifyFiles(disk, seen);
    assert.deepEqual([verdict, firstBad!.seq], ["rolled-back", 2]);
  });
});

test("the same entries under another key are re-signed, others are re-created", async () => {
  const kept = await (await filled(4, FIRST)).journal.checkpoint();
  const { disk } = await filled(4, SECOND);
  const key = formatVerifierKey(FIRST);
  const same = await verifyFiles(disk, { key, checkpoint: kept });
  assert.deepEqual([same.verdict, same.firstBad!.seq, same.size], ["re-signed", 0, 0]);
  assert.equal((await verifyFiles(disk, { key })).verdict, "re-created");
  const { disk: others } = await filled(4, SECOND, "other");
  assert.equal((await verifyFiles(others, { key, checkpoint: kept })).verdict, "re-created");
  const { disk: mine } = await filled(4, FIRST);
  assert.equal((await verifyFiles(mine, { key, checkpoint: kept })).verdict, "intact");
});

test("a journal that was sealed again from its first entry on, with a new key, is found", async () => {
  // Its keeper claims that the new key followed the old one: the checkpoint says otherwise.
  const disk = await newMemoryJournal();
  const journal = await openInMemory(disk);
  for (let index = 0; index < 4; index++) await journal.append({ type: "note", data: index });
  await journal.rotateKey({ next: signerOf(SECOND) });
  await journal.append({ type: "note" });
  const root = (await journal.verify()).root;
  const text = `${FIRST.name}\n6\n${root}\n`;
  const byOld = signed(text, FIRST);
  const { verdict, firstBad } = await journal.verify({ checkpoint: byOld });
  assert.deepEqual([verdict, firstBad!.seq], ["re-signed", 0]);
  assert.equal((await journal.verify({ checkpoint: signed(text, SECOND) })).verdict, "intact");
});

suite("what a verdict cannot rule out", () => {
  const removed = (entries: string): string =>
    `that ${entries} were removed from the end with all their traces`;
  const rewrote = (who: string, entries: string): string => `that ${who} rewrote ${entries}`;
  const key = formatVerifierKey(FIRST);

  test("depends on the key and on what evidence covers", async () => {
    const witness = new FakeWitness();
    const { journal } = await witnessedAt(2, 5, [witness]);
    const witnesses = [witness.vkey];
    const checkpoint = await firstCheckpoint(3);
    const holder = "a holder of the signing key";
    const replaced = "that the whole journal was replaced: its key was taken from itself";
    const helped = `that ${holder}, with the help of witness.example, rewrote entries before 2`;
    const table: readonly (readonly [object, readonly string[]])[] = [
      [{}, [replaced, removed("entries"), rewrote(holder, "entries")]],
      [{ key }, [removed("entries"), rewrote(holder, "entries")]],
      [
        { witnesses },
        [
          "that entries from 2 on are somebody else's: its key was taken from itself",
          removed("entries from 2 on"),
          rewrote(holder, "entries from 2 on"),
          helped,
        ],
      ],
      [
        { key, witnesses },
        [removed("entries from 2 on"), rewrote(holder, "entries from 2 on"), helped],
      ],
      [{ checkpoint }, [removed("entries from 3 on"), rewrote(holder, "entries from 3 on")]],
    ];
    for (const [options, expected] of table) {
      assert.deepEqual((await journal.verify(options)).cannotRuleOut, [...expected, NEVER]);
    }
  });

  test("is less where keys were destroyed", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    await journal.append({ type: "note" });
    await journal.rotateKey({ next: signerOf(SECOND) });
    await journal.append({ type: "note" });
    const checkpoint = await journal.checkpoint({ seal: true });
    await journal.append({ type: "note" });
    const present = rewrote("a holder of the present key", "entries from 2 on");
    const earlier = "that somebody kept an earlier key, and rewrote entries with it";
    const first = await journal.verify({ key });
    assert.deepEqual(first.cannotRuleOut, [removed("entries"), present, earlier, NEVER]);
    const later = await journal.verify({ key: formatVerifierKey(SECOND) });
    const any = rewrote("a holder of the signing key", "entries");
    assert.deepEqual(later.cannotRuleOut, [removed("entries"), any, NEVER]);
    const anchored = await journal.verify({ key, checkpoint });
    const since = rewrote("a holder of the present key", "entries from 3 on");
    assert.deepEqual(anchored.cannotRuleOut, [removed("entries from 3 on"), since, NEVER]);
  });

  test("names the recovery key, and a shared secret", async () => {
    const recoveryKey = testKey(undefined, 30);
    const disk = new MemoryDisk();
    const signer = signerOf(FIRST);
    await createJournalFiles(memoryWorld(disk), DIRECTORY, { signer, recoveryKey });
    const { cannotRuleOut } = await verifyFiles(disk, { key });
    assert.ok(cannotRuleOut.includes(rewrote("a holder of the recovery key", "entries from 1 on")));
    const secret = signingKey(primitives, FIRST.name, new Uint8Array(32).fill(5), "hmac-sha256");
    const shared = await filled(2, secret);
    const verdict = await shared.journal.verify({
      environment: { STELE_KEY: formatSigningKey(secret) },
    });
    assert.ok(
      verdict.cannotRuleOut.includes(rewrote("anybody who can check this journal", "entries")),
    );
  });
});

test("a journal is intact at any moment beside a writer that publishes checkpoints", async () => {
  const directory = await newJournal(scratch("outside"), { segmentBytes: 2048 });
  const witness = new FakeWitness();
  await using journal = await open(directory, { witness, checkpointIntervalMs: 1 });
  const reader = await openReader(directory);
  let isOver = false;
  const appends = (async () => {
    while (!isOver) await journal.append({ type: "note" });
  })();
  for (let count = 0; count < 10 || witness.asked.length < 5; count++) {
    const { verdict, firstBad } = await reader.verify({ threads: 1, witnesses: [witness.vkey] });
    assert.equal(verdict, "intact", firstBad?.reason);
  }
  isOver = true;
  await appends;
});

interface Filled {
  readonly disk: MemoryDisk;
  readonly journal: Journal;
}

/** A journal of so many entries; the same key and type give the same bytes. */
async function filled(count: number, key: SigningKey, type = "note"): Promise<Filled> {
  const disk = await newMemoryJournal({ key });
  const signer = { key, sign: (message: Uint8Array) => signWith(primitives, key, message) };
  const journal = await openInMemory(disk, { signer });
  for (let index = 0; index < count; index++) await journal.append({ type, data: index });
  return { disk, journal };
}

/** A journal of so many entries of which these witnesses saw the first `seen`. */
async function witnessedAt(
  seen: number,
  count: number,
  witnesses: readonly FakeWitness[],
  clock = new SimulatedClock(),
): Promise<Filled> {
  const disk = await newMemoryJournal();
  const journal = await openInMemory(disk, { world: { ...memoryWorld(disk), clock } });
  for (let index = 0; index < count; index++) {
    await journal.append({ type: "note", data: index });
    if (index + 1 !== seen) continue;
    const seal = await journal.checkpoint({ seal: true });
    const lines = witnesses.map((witness) => witness.sign(seal).slice(seal.length));
    disk.files.set(PATH, Buffer.from(seal + lines.join("")));
  }
  return { disk, journal };
}

/** The checkpoint of the first entries that `witnessedAt` makes. */
async function firstCheckpoint(size: number): Promise<string> {
  return (await witnessedAt(size, size, [])).journal.checkpoint({ seal: true });
}

/** A journal before a key change, after it, and its checkpoint then. */
async function rotated(): Promise<{
  readonly before: ReadonlyMap<string, Uint8Array>;
  readonly after: ReadonlyMap<string, Uint8Array>;
  readonly checkpoint: string;
}> {
  const { disk, journal } = await filled(2, FIRST);
  const before = new Map(disk.files);
  await journal.rotateKey({ next: signerOf(SECOND) });
  await journal.append({ type: "note" });
  await journal.close();
  const checkpoint = Buffer.from(disk.files.get(PATH)!).toString();
  return { before, after: disk.files, checkpoint };
}

async function verifyFiles(
  disk: MemoryDisk,
  options: Parameters<Journal["verify"]>[0] = {},
): Promise<Verdict> {
  // Any journal's reader looks at the disk as it is then.
  const { disk: own, journal } = await filled(0, FIRST);
  own.files.clear();
  for (const [path, bytes] of disk.files) own.files.set(path, bytes);
  return journal.verify(options);
}

function signed(text: string, key: SigningKey): string {
  return `${text}\n${formatSignatureLine(key, primitives.sign(key.seed, utf8(text)))}`;
}
