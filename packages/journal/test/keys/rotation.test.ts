import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { suite, test } from "node:test";
import {
  formatVerifierKey,
  parseVerifierKey,
  signingKey,
  signWith,
  type SigningKey,
} from "@stele/core/key";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { sealedNote } from "@stele/core/ledger";
import { parseNote, verifyNote } from "@stele/core/note";
import type { Journal, Signer } from "@stele/journal";
import { Gate, settleTurns } from "../support/gate.ts";
import { isWiped, TestKeyFile } from "../support/key-file.ts";
import { primitives, signerOf, testKey } from "../support/key.ts";
import { bytesOf, segmentsOf } from "../support/ledger-lines.ts";
import type { MemoryDisk } from "../support/memory-disk.ts";
import { newMemoryJournal, openInMemory } from "../support/memory-journal.ts";
import { scratch } from "../support/scratch.ts";

const root = scratch("rotation");
const pinned = formatVerifierKey(testKey());

/** Whether each seal in the ledger is by the key of the epoch that holds its last entry. */
async function assertSealedInEpoch(disk: MemoryDisk, journal: Journal): Promise<void> {
  const epochs = await journal.keys();
  let seals = 0;
  for (const segment of segmentsOf(disk)) {
    for (const line of segment.lines.filter(({ kind }) => kind === "seal")) {
      const note = parseNote(Buffer.from(sealedNote(bytesOf(segment, line).subarray(0, -1))!));
      const { size } = parseCheckpoint(note.text);
      const epoch = epochs.find(({ endSize }) => size <= (endSize ?? Infinity))!;
      assert.ok(size > epoch.first);
      verifyNote(primitives, note, parseVerifierKey(primitives, epoch.publicKey));
      seals++;
    }
  }
  assert.ok(seals >= epochs.length - 1);
  const { verdict, firstBad } = await journal.verify({ key: pinned, threads: 1 });
  assert.equal(verdict, "intact", firstBad?.reason);
}

suite("a rotation", () => {
  test("names the new key in the last entry of the old one, and destroys that", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    const old = file.holdOld();
    const journal = await file.open(disk);
    await journal.append({ type: "note" });
    const { seq, sealedSize } = await journal.rotateKey();
    assert.deepEqual([seq, sealedSize], [1, 2]);
    const next = formatVerifierKey(file.key);
    const { event } = await journal.get(1);
    const data = { publicKey: next, reason: "rotated" };
    assert.deepEqual(event, { type: "stele.key", data });
    assert.deepEqual(await journal.keys(), [
      { publicKey: pinned, first: 0, endSize: 2, reason: "rotated" },
      { publicKey: next, first: 2, endSize: null, reason: null },
    ]);
    assert.ok(isWiped(old));
    assert.ok(!existsSync(file.nextPath));
    assert.equal(statSync(file.path).mode & 0o777, 0o600);
    await journal.append({ type: "note" });
    await assertSealedInEpoch(disk, journal);
    await journal.close();
    await assert.rejects(openInMemory(disk), { code: "KEY_MISMATCH" });
    const reopened = await file.open(disk);
    assert.equal((await reopened.append({ type: "note" })).seq, 3);
    await reopened.close();
  });

  test("takes its place among 256 appends that are in flight", async () => {
    const disk = await newMemoryJournal();
    const journal = await new TestKeyFile(root).open(disk);
    const append = (index: number) =>
      journal.append({ type: "note", data: "x".repeat((index % 40) * 400) });
    const appends = Array.from({ length: 128 }, (_, index) => append(index));
    const rotation = journal.rotateKey();
    const later = Array.from({ length: 128 }, (_, index) => append(index));
    const { seq: end } = await rotation;
    const receipts = await Promise.all([...appends, ...later]);
    const seqs = receipts.map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.toSorted((left, right) => left - right),
    );
    assert.deepEqual(
      new Set([...seqs, end]),
      new Set(Array.from({ length: 257 }, (_, seq) => seq)),
    );
    for (const { seq, sealedSize } of receipts) {
      assert.ok(seq < sealedSize!);
      // No seal is over entries of two keys unless it is the one that ends the first.
      if (seq < end) assert.ok(sealedSize! <= end + 1);
    }
    await assertSealedInEpoch(disk, journal);
    assert.equal((await journal.keys()).length, 2);
    await journal.close();
  });

  test("ends its commit: what is appended while it waits for the disk comes behind it", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    const gate = new Gate(disk);
    const before = journal.append({ type: "note" });
    await settleTurns();
    const rotation = journal.rotateKey({ next: signerOf(testKey(testKey().name, 8)) });
    await settleTurns();
    const behind = journal.append({ type: "note" });
    await settleTurns();
    assert.equal(gate.arrived, 1);
    gate.stayOpen();
    const receipts = await Promise.all([before, rotation, behind]);
    const places = receipts.map(({ seq, sealedSize }) => [seq, sealedSize]);
    assert.deepEqual(places, [
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    await assertSealedInEpoch(disk, journal);
    await journal.close();
  });

  test("may be followed by others at once", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    const journal = await file.open(disk);
    const rotations = await Promise.all([1, 2, 3].map(async () => journal.rotateKey()));
    assert.deepEqual(
      rotations.map(({ seq, sealedSize }) => [seq, sealedSize]),
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    );
    assert.deepEqual(
      segmentsOf(disk).map(({ first }) => first),
      [0, 1, 2],
    );
    await assertSealedInEpoch(disk, journal);
    await journal.close();
    const reopened = await file.open(disk);
    await reopened.append({ type: "note" });
    await assertSealedInEpoch(disk, reopened);
    await reopened.close();
  });

  test("waits its turn when a mebibyte is pending", async () => {
    const disk = await newMemoryJournal();
    const journal = await new TestKeyFile(root).open(disk);
    const data = "x".repeat(60_000);
    const appends = Array.from({ length: 40 }, async () => journal.append({ type: "note", data }));
    const rotations = [journal.rotateKey(), journal.rotateKey()];
    appends.push(...Array.from({ length: 40 }, async () => journal.append({ type: "note", data })));
    const receipts = await Promise.all([...appends, ...rotations]);
    assert.equal(new Set(receipts.map(({ seq }) => seq)).size, 82);
    await assertSealedInEpoch(disk, journal);
    await journal.close();
  });

  test("lets closing wait, and is refused afterwards", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    const journal = await file.open(disk);
    const rotation = journal.rotateKey();
    await journal.close();
    assert.equal((await rotation).seq, 0);
    assert.ok(!existsSync(file.nextPath));
    await assert.rejects(journal.rotateKey(), { code: "JOURNAL_CLOSED" });
  });

  test("never disturbs who verifies meanwhile", async () => {
    const disk = await newMemoryJournal();
    const journal = await new TestKeyFile(root).open(disk);
    const verdicts: string[] = [];
    for (let round = 0; round < 30; round++) {
      const appends = [journal.append({ type: "note" }), journal.append({ type: "note" })];
      const rotation = journal.rotateKey();
      const { verdict, firstBad } = await journal.verify({ threads: 1 });
      verdicts.push(firstBad?.reason ?? verdict);
      await Promise.all([...appends, rotation]);
    }
    assert.deepEqual(new Set(verdicts), new Set(["intact"]));
    await journal.close();
  });
});

suite("a rotation to a signer of the caller's", () => {
  test("destroys the key in the file", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    const old = file.holdOld();
    const journal = await file.open(disk);
    await journal.rotateKey({ next: signerOf(testKey(testKey().name, 8)) });
    assert.ok(isWiped(old));
    assert.ok(!existsSync(file.path));
    await journal.append({ type: "note" });
    await assert.rejects(journal.rotateKey(), { code: "KEY_NOT_KEPT" });
    await assertSealedInEpoch(disk, journal);
    await journal.close();
    const signer = signerOf(testKey(testKey().name, 8));
    await (await openInMemory(disk, { signer })).close();
  });

  test("is refused for a key that may not follow, and the journal goes on with the old one", async () => {
    const disk = await newMemoryJournal();
    const file = new TestKeyFile(root);
    const journal = await file.open(disk);
    const { name } = testKey();
    const second = testKey(name, 8);
    await journal.rotateKey({ next: signerOf(second) });
    const secret = signingKey(primitives, name, new Uint8Array(32), "hmac-sha256");
    const wrong: Readonly<Record<string, readonly [code: string, next: Signer]>> = {
      "the present key": ["KEY_MISMATCH", signerOf(second)],
      "a key that was used before": ["KEY_MISMATCH", signerOf(testKey())],
      "another name": ["KEY_MISMATCH", signerOf(testKey("other.example", 9))],
      "a secret": ["KEY_MISMATCH", signerWith(secret)],
      "a signer of another key": [
        "SIGNER_FAILED",
        { ...signerOf(testKey(name, 10)), key: testKey(name, 9) },
      ],
      "a signer that fails": ["SIGNER_FAILED", { key: testKey(name, 9), sign: fail }],
      "a signer that answers nonsense": [
        "SIGNER_FAILED",
        { key: testKey(name, 9), sign: () => "signature" as unknown as Uint8Array },
      ],
    };
    for (const [what, [code, next]] of Object.entries(wrong)) {
      await assert.rejects(journal.rotateKey({ next }), { code }, what);
    }
    assert.equal((await journal.append({ type: "note" })).seq, 1);
    await assertSealedInEpoch(disk, journal);
    await journal.close();
  });
});

function signerWith(key: SigningKey): Signer {
  return { key, sign: (message) => signWith(primitives, key, message) };
}

function fail(): never {
  throw new Error("out of order");
}

suite("a key that Stele does not keep", () => {
  test("is not rotated: nothing here could destroy it", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    await assert.rejects(journal.rotateKey(), { code: "KEY_NOT_KEPT" });
    assert.equal((await journal.append({ type: "note" })).seq, 0);
    await journal.close();
  });

  test("that is a secret never has a successor", async () => {
    const key = signingKey(primitives, testKey().name, new Uint8Array(32).fill(7), "hmac-sha256");
    const disk = await newMemoryJournal({ key });
    const file = new TestKeyFile(root, key);
    const journal = await file.open(disk);
    await assert.rejects(journal.rotateKey(), { code: "OPTION_INVALID" });
    const next = signerOf(testKey(key.name, 8));
    await assert.rejects(journal.rotateKey({ next }), { code: "OPTION_INVALID" });
    await journal.append({ type: "note" });
    await journal.close();
    assert.match(readFileSync(file.path, "utf8"), /^PRIVATE\+KEY/);
  });
});
