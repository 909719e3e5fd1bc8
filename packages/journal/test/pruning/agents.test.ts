import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SteleError, type Journal, type Signer, type Verdict } from "@stele/journal";
import { formatVerifierKey } from "@stele/core/key";
import { primitives, signerOf, testKey } from "../support/key.ts";
import type { MemoryDisk } from "../support/memory-disk.ts";
import { DIRECTORY, newMemoryJournal, openInMemory } from "../support/memory-journal.ts";

const AGENT = "critic-1";
const signer = signerOf(testKey(AGENT, 7));
const later = signerOf(testKey(AGENT, 8));
const PATH = `${DIRECTORY}/pruned.jsonl`;

async function fill(journal: Journal, signers: readonly Signer[]): Promise<void> {
  for (let at = 0; at < 20; at++) {
    await journal.append({ type: "test.event", data: { at } });
    for (const one of signers) {
      await journal.append({ type: "note", agent: AGENT, data: { at } }, { signer: one });
    }
  }
}

/** The critic's first key gives way to the second one, and all that is dropped. */
async function pruned(): Promise<{ disk: MemoryDisk; journal: Journal }> {
  const disk = await newMemoryJournal({ segmentBytes: 4096 });
  const journal = await openInMemory(disk);
  await journal.addAgentKey({ agent: AGENT, publicKey: formatVerifierKey(signer.key) });
  await fill(journal, [signer]);
  await journal.addAgentKey({ agent: AGENT, publicKey: formatVerifierKey(later.key) });
  await journal.retireAgentKey({ agent: AGENT, publicKey: formatVerifierKey(signer.key) });
  const before = (await journal.append({ type: "test.event" })).seq;
  await fill(journal, [later]);
  await fill(journal, [later]);
  const { first } = await journal.prune({ before: before + 30, reason: "old" });
  assert.ok(first > before);
  return { disk, journal };
}

function verify(journal: Journal): Promise<Verdict> {
  return journal.verify({ threads: 1, key: formatVerifierKey(testKey()) });
}

async function changed(disk: MemoryDisk, edit: (text: string) => string): Promise<void> {
  const text = Buffer.from(disk.files.get(PATH)!).toString();
  await disk.run([{ kind: "replace", path: PATH, bytes: Buffer.from(edit(text)) }]);
}

suite("agents' keys that were pruned", () => {
  test("are found also when they are looked for while their segments go", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 1024 });
    const before = await openInMemory(disk);
    await before.addAgentKey({ agent: AGENT, publicKey: formatVerifierKey(signer.key) });
    for (let at = 0; at < 60; at++) await before.append({ type: "note" });
    await before.close();
    await using journal = await openInMemory(disk);
    const event = { type: "note", agent: AGENT };
    const remove = disk.remove.bind(disk);
    let looking: Promise<readonly unknown[]> | undefined;
    disk.remove = async (path) => {
      if (path.includes("/ledger/")) {
        looking ??= Promise.all([
          journal.append(event, { signer }),
          journal.agentKeys(),
          journal.holds(),
        ]);
      }
      return remove(path);
    };
    await journal.prune({ before: 40 });
    const [, keys, holds] = (await looking)!;
    assert.deepEqual(keys, await journal.agentKeys());
    assert.deepEqual(holds, []);
    await journal.append(event, { signer });
    assert.deepEqual((await verify(journal)).signatures, { checked: 2, unchecked: 0 });
  });

  test("signatures are checked on, with the keys of dropped entries", async () => {
    const { disk, journal } = await pruned();
    const keys = await journal.agentKeys();
    assert.deepEqual(
      keys.map(({ added, retired }) => [added, retired]),
      [
        [0, 42],
        [41, null],
      ],
    );
    const { verdict, signatures, firstBad } = await verify(journal);
    assert.equal(verdict, "intact", firstBad?.reason);
    assert.ok(signatures.checked > 20);
    assert.equal(signatures.unchecked, 0);
    await journal.close();

    await disk.remove(`${DIRECTORY}/agents`).catch(() => undefined);
    const again = await openInMemory(disk);
    await again.append({ type: "note", agent: AGENT }, { signer: later });
    const old = again.append({ type: "note", agent: AGENT }, { signer });
    await assert.rejects(old, { code: "AGENT_KEY_UNKNOWN" });
    await fill(again, [later]);
    const { seq } = await again.append({ type: "test.event" });
    // Once more, so that what was kept before is kept on.
    const more = await again.prune({ before: seq - 20 });
    assert.ok(more.entries > 0);
    const after = await verify(again);
    assert.equal(after.verdict, "intact", after.firstBad?.reason);
    assert.equal(after.signatures.unchecked, 0);
    assert.equal((await again.agentKeys()).length, 2);
    await again.close();
  });

  const edits: Record<string, (text: string) => string> = {
    "a key changed": (text) =>
      text.replace(/"publicKey":"[^"]*"/, `"publicKey":"${formatVerifierKey(later.key)}"`),
    "one left out": (text) => text.replace(/\{"seq":42,.*\n/, ""),
    "one left out, and the count with it": (text) =>
      text.replace(/\{"seq":42,.*\n/, "").replace('"count":3', '"count":2'),
    "one twice": (text) =>
      text.replace(/(\{"seq":42,.*\n)/, "$1$1").replace('"count":3', '"count":4'),
    "all left out, as if none had been kept": (text) =>
      text.replace(/\{"seq":.*\n/g, "").replace(/,"agents":\{[^}]*\}/, ""),
  };
  for (const [name, edit] of Object.entries(edits)) {
    test(`${name}: tampered, and nothing signed is taken`, async () => {
      const { disk, journal } = await pruned();
      await journal.close();
      await changed(disk, edit);
      await disk.remove(`${DIRECTORY}/agents`).catch(() => undefined);
      const again = await openInMemory(disk);
      assert.equal((await verify(again)).verdict, "tampered");
      const signed = again.append({ type: "note", agent: AGENT }, { signer: later });
      await assert.rejects(
        signed,
        (error) => error instanceof SteleError && error.code === "JOURNAL_DAMAGED",
      );
      await again.close();
    });
  }

  test("one more is no entry that there ever was", async () => {
    const { disk, journal } = await pruned();
    await journal.close();
    await changed(disk, (text) => {
      const [line] = /\{"seq":0,.*(?=\n)/.exec(text)!;
      const leaf = `${line.replace('"seq":0', '"seq":1').slice(0, -75)}}`;
      const hash = primitives.sha256(Buffer.concat([Buffer.of(0), Buffer.from(leaf)]));
      const extra = `${leaf.slice(0, -1)},"hash":"${hash}"}`;
      return text.replace(line, `${line}\n${extra}`).replace('"count":3', '"count":4');
    });
    const again = await openInMemory(disk);
    const { verdict, firstBad } = await verify(again);
    assert.equal(verdict, "tampered");
    assert.match(firstBad!.reason, /another entry 1/);
    await again.close();
  });
});
