import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatVerifierKey, type SigningKey } from "@stele/core/key";
import { signerOf, testKey } from "../support/key.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

// What a thief does with the writer itself. What can be done to the bytes is in
// spec/vectors/journals.json, keyAttacks: each is a whole journal there.

const first = testKey();
const second = testKey(first.name, 8);
const pinned = formatVerifierKey(first);

/** Two entries by the first key, and two by the second. */
async function twoEpochs(): Promise<MemoryDisk> {
  const disk = await newMemoryJournal();
  const journal = await openInMemory(disk);
  await journal.append({ type: "note", data: "before" });
  await journal.rotateKey({ next: signerOf(second) });
  await journal.append({ type: "note", data: "after" });
  await journal.append({ type: "note", data: "last" });
  await journal.close();
  return disk;
}

/** The whole journal once more, told otherwise by who has these keys. */
async function retold(keys: readonly [SigningKey, SigningKey]): Promise<MemoryDisk> {
  const disk = await newMemoryJournal({ key: keys[0] });
  const journal = await openInMemory(disk, { signer: signerOf(keys[0]) });
  await journal.append({ type: "note", data: "never" });
  await journal.rotateKey({ next: signerOf(keys[1]) });
  await journal.append({ type: "note", data: "happened" });
  await journal.append({ type: "note", data: "so" });
  await journal.close();
  return disk;
}

async function verdictOf(disk: MemoryDisk, checkpoint?: string) {
  const journal = await openInMemory(new MemoryDisk(disk.files), { signer: signerOf(second) });
  const verdict = await journal.verify({ key: pinned, checkpoint, threads: 1 });
  await journal.close();
  return verdict;
}

suite("who stole the present key", () => {
  test("cannot append in an older epoch: the writer asks for the key that is due", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    await journal.append({ type: "note" });
    await journal.close();
    const early = new MemoryDisk(disk.files);
    await assert.rejects(openInMemory(early, { signer: signerOf(second) }), {
      code: "KEY_MISMATCH",
    });
  });

  test("rewrites the present epoch, which only evidence from outside shows", async () => {
    const disk = await twoEpochs();
    const whole = await openInMemory(new MemoryDisk(disk.files), { signer: signerOf(second) });
    const checkpoint = await whole.checkpoint();
    await whole.close();
    const rewritten = await cutToRotation();
    const thief = await openInMemory(rewritten, { signer: signerOf(second) });
    await thief.append({ type: "note", data: "other" });
    await thief.append({ type: "note", data: "story" });
    await thief.close();
    const verdict = await verdictOf(rewritten);
    assert.equal(verdict.verdict, "intact");
    assert.ok(verdict.cannotRuleOut.some((sentence) => /rewr/.test(sentence)));
    assert.equal((await verdictOf(rewritten, checkpoint)).verdict, "forked");
  });
});

/** The journal as it was right behind its rotation. */
async function cutToRotation(): Promise<MemoryDisk> {
  const disk = await newMemoryJournal();
  const journal = await openInMemory(disk);
  await journal.append({ type: "note", data: "before" });
  await journal.rotateKey({ next: signerOf(second) });
  await journal.close();
  return disk;
}

suite("who has every key that there ever was", () => {
  test("rewrites everything, and the verdict says that it cannot rule that out", async () => {
    const disk = await retold([first, second]);
    const { verdict, cannotRuleOut } = await verdictOf(disk);
    assert.equal(verdict, "intact");
    assert.ok(cannotRuleOut.some((sentence) => /rewr/.test(sentence)));
  });

  test("is shown by a checkpoint that somebody kept", async () => {
    const genuine = await openInMemory(await twoEpochs(), { signer: signerOf(second) });
    const checkpoint = await genuine.checkpoint();
    await genuine.close();
    const { verdict } = await verdictOf(await retold([first, second]), checkpoint);
    assert.equal(verdict, "forked");
  });
});

suite("who has no key", () => {
  test("cannot retell the journal under a key that others pinned", async () => {
    const other = testKey(first.name, 99);
    const disk = await retold([other, second]);
    const { verdict } = await verdictOf(disk);
    assert.notEqual(verdict, "intact");
  });

  test("cannot let the pinned key seem to be the one that was named last", async () => {
    const disk = await newMemoryJournal({ key: second });
    const signer = signerOf(second);
    const journal = await openInMemory(disk, { signer });
    await journal.append({ type: "note", data: "never" });
    // The writer wants the key to sign once, which a thief's writer would not; no seal is by it.
    await journal.rotateKey({ next: signerOf(first) });
    const { verdict } = await journal.verify({ key: pinned, threads: 1 });
    assert.equal(verdict, "re-signed");
    await journal.close();
  });
});
