import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import { checkEntryProof, parseEntryProof } from "@stele/core/evidence";
import { parseVerifierKey, type VerifierKey } from "@stele/core/key";
import type { Entry } from "@stele/journal";
import { openMemoryJournal, type MemoryJournal } from "@stele/journal/memory";
import { MemoryDisk } from "@stele/store/memory";
import { SeededRandom, SimulatedClock } from "@stele/store/testing";
import { settleTurns } from "./support/gate.ts";
import { primitives } from "./support/key.ts";

async function fill(journal: MemoryJournal, from: number, to: number): Promise<void> {
  const appends = [];
  for (let n = from; n < to; n++) {
    appends.push(journal.append({ type: "gateway.event", id: `e-${n}`, data: { n } }));
    if (appends.length % 100 === 0) await appends.at(-1);
  }
  await Promise.all(appends);
}

function numbers(entries: readonly Entry[]): unknown[] {
  return entries.map(({ event }) => (event.data as { n: number }).n);
}

async function all(journal: MemoryJournal): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of journal.read()) entries.push(entry);
  return entries;
}

function signedBy({ publicKey }: MemoryJournal): { readonly key: VerifierKey } {
  return { key: parseVerifierKey(primitives, publicKey) };
}

suite("a bounded journal in memory (as hoosh's audit chain)", () => {
  test("that is empty is intact, and counts none", async () => {
    await using journal = await openMemoryJournal();
    const { count, evicted, recent, verdict } = await journal.snapshot();
    assert.deepEqual([count, evicted, recent, verdict.verdict], [0, 0, [], "intact"]);
  });

  test("records, links and verifies below its maximum as any journal", async () => {
    await using journal = await openMemoryJournal({ origin: "gateway.example/audit" });
    await fill(journal, 0, 5);
    const entries = await all(journal);
    assert.equal(journal.count, 5);
    assert.equal(journal.origin, "gateway.example/audit");
    assert.deepEqual(numbers(entries), [0, 1, 2, 3, 4]);
    for (const [n, { prev }] of entries.slice(1).entries()) assert.equal(prev, entries[n]!.hash);
    assert.equal((await journal.verify({ key: journal.publicKey })).verdict, "intact");
    assert.ok(await journal.prove(3));
  });

  test("never gives more than its maximum, and the oldest go first", async () => {
    await using journal = await openMemoryJournal({ maxEntries: 7 });
    for (let n = 0; n < 40; n++) {
      await fill(journal, n, n + 1);
      const wanted = Array.from({ length: Math.min(n + 1, 7) }, (_, i) => n + 1 + i);
      const shift = Math.min(n + 1, 7);
      assert.deepEqual(
        numbers(await all(journal)),
        wanted.map((one) => one - shift),
      );
      assert.equal(journal.count, shift);
    }
    assert.equal(await journal.first(), 33);
    await assert.rejects(journal.get(32), { code: "SEQ_PRUNED" });
    assert.equal((await journal.get(33)).seq, 33);
    await assert.rejects(journal.get(40), { code: "SEQ_OUT_OF_RANGE" });
  });

  test("verifies from the first kept entry, also against a pinned key", async () => {
    await using journal = await openMemoryJournal({ maxEntries: 300 });
    await fill(journal, 0, 5000);
    const verdict = await journal.verify({ key: journal.publicKey });
    assert.equal(verdict.verdict, "intact");
    assert.equal(verdict.size, 5000);
    assert.ok(verdict.pruned!.entries > 4000);
    assert.equal(verdict.assurance.key, "pinned");
    const { count, evicted, recent } = await journal.snapshot(3);
    assert.deepEqual([count, evicted], [300, 4700]);
    assert.deepEqual(numbers(recent), [4997, 4998, 4999]);
  });

  test("is not valid when what it holds was changed, which hoosh's snapshot never says", async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const world = { disk, clock, random: new SeededRandom(1), primitives };
    await using journal = await openMemoryJournal({ maxEntries: 300, world });
    await fill(journal, 0, 2000);
    const names = (await disk.list("/journal/ledger")).toSorted();
    const path = `/journal/ledger/${names[0]!}`;
    const file = await disk.openWrite(path);
    const bytes = new Uint8Array(await file.size());
    await file.read(bytes, 0);
    const text = Buffer.from(bytes)
      .toString()
      .replace(/"n":\d/, '"n":X');
    await file.write(Buffer.from(text), 0);
    const { verdict } = await journal.snapshot();
    assert.notEqual(verdict.verdict, "intact");
    assert.ok(verdict.firstBad!.seq > 0);
  });

  test("gives the most recent n, or all that are kept", async () => {
    await using journal = await openMemoryJournal({ maxEntries: 5 });
    await fill(journal, 0, 12);
    assert.deepEqual(numbers(await journal.recent(2)), [10, 11]);
    assert.deepEqual(numbers(await journal.recent(100)), [7, 8, 9, 10, 11]);
    assert.deepEqual(await journal.recent(0), []);
    await assert.rejects(journal.recent(-1), { code: "OPTION_INVALID" });
  });

  test("gives them, and verifies, however much is recorded meanwhile", async () => {
    await using journal = await openMemoryJournal({ maxEntries: 300 });
    const session = await journal.session("s");
    await session.append({ type: "note" });
    await fill(journal, 0, 1000);
    const looks = [];
    for (let n = 10; n < 20; n++) {
      const [recent, snapshot] = [journal.recent(300), journal.snapshot(300)];
      looks.push({ recent, snapshot, check: session.verify() });
      await fill(journal, n * 100, n * 100 + 200);
      const opened = journal.session(`${n}`);
      await fill(journal, n * 100 + 1000, n * 100 + 1500);
      assert.equal((await opened).length, 0);
      await session.append({ type: "note" });
    }
    for (const look of looks) {
      const recent = await look.recent;
      assert.equal(recent.length, 300);
      assert.equal(recent.at(-1)!.seq - recent[0]!.seq, 299);
      const { count, evicted, recent: held, verdict } = await look.snapshot;
      assert.deepEqual([count, held.length, held[0]!.seq], [300, 300, evicted]);
      assert.equal(verdict.verdict, "intact");
      assert.equal((await look.check).mismatch, undefined);
    }
  });

  test("evicts nothing that is being checked", async () => {
    await using journal = await openMemoryJournal({ maxEntries: 10 });
    const text = "x".repeat(30_000);
    const looks = [];
    for (let n = 0; n < 60; n++) {
      await Promise.all([1, 2, 3].map(() => journal.append({ type: "note", data: text })));
      if (n % 10 !== 5) continue;
      const checkpoint = await journal.checkpoint();
      looks.push(Promise.all([journal.verify(), journal.consistency(checkpoint)]));
    }
    for (const [{ verdict, firstBad }, grown] of await Promise.all(looks)) {
      assert.equal(verdict, "intact", firstBad?.reason);
      assert.equal(grown.verdict, "extends");
    }
  });

  test("takes the same memory however long it runs", async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const world = { disk, clock, random: new SeededRandom(1), primitives };
    await using journal = await openMemoryJournal({ maxEntries: 500, world });
    const used: number[] = [];
    for (let n = 0; n < 6; n++) {
      await fill(journal, n * 2000, (n + 1) * 2000);
      used.push(disk.usedBytes);
    }
    const most = Math.max(...used.slice(1));
    assert.ok(most < 1024 * 1024, `${used.join(", ")} bytes`);
    const names = await disk.list("/journal/tile/0").catch(() => []);
    assert.ok(names.length < 200, `${names.length} tiles`);
  });

  test("counts a session on when its entries are evicted, and says how many are missing", async () => {
    await using journal = await openMemoryJournal({ maxEntries: 200 });
    const session = await journal.session("s");
    for (let n = 0; n < 3000; n++) {
      const event = { type: "tool.call", session: "s", data: { tool: "t", bytesRead: 1 } };
      const receipt = journal.append(event);
      if (n % 500 === 499) await receipt;
    }
    assert.equal(session.totals().bytesRead, 3000n);
    const { intact, length, missing } = await session.verify();
    assert.deepEqual([intact, length, missing], [true, 3000, 2800]);
    assert.equal((await session.recent(1000)).length, 200);
  });

  test("the head hash of a session covers what was evicted", async () => {
    await using journal = await openMemoryJournal({ maxEntries: 10 });
    const session = await journal.session("s");
    const hashes: string[] = [];
    for (let n = 0; n < 300; n++) {
      const { hash } = await session.append({ type: "note", data: "x".repeat(1000) });
      hashes.push(hash);
    }
    const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
    const head = hashes.reduce((before, hash) => sha256(before + hash), "0".repeat(64));
    assert.equal(session.headHash, head);
  });

  test("proves what it holds, and its growth, though tiles of what was evicted are missing", async () => {
    await using journal = await openMemoryJournal({ maxEntries: 300 });
    await fill(journal, 0, 3);
    const early = await journal.checkpoint();
    await fill(journal, 3, 4000);
    const late = await journal.checkpoint();
    await fill(journal, 4000, 4200);
    const { key } = signedBy(journal);
    for (const seq of [3900, 3999, 4000, 4199]) {
      const proof = parseEntryProof(Buffer.from(await journal.prove(seq)));
      assert.equal(checkEntryProof(primitives, { key }, proof).proven, true);
    }
    assert.equal((await journal.consistency(late)).verdict, "extends");
    assert.equal((await journal.verify({ checkpoint: late })).anchored?.size, 4000);
    // Nothing is left to hold it against, and that is no fork.
    await assert.rejects(journal.consistency(early), { code: "SEQ_PRUNED" });
    await assert.rejects(journal.verify({ checkpoint: early }), { code: "SEQ_PRUNED" });
    await assert.rejects(journal.prove(5), { code: "SEQ_PRUNED" });
  });

  test("has a status also when the entries of its checkpoint are evicted", async () => {
    const clock = new SimulatedClock();
    const world = { disk: new MemoryDisk(), clock, random: new SeededRandom(1), primitives };
    await using journal = await openMemoryJournal({ maxEntries: 10, world });
    await fill(journal, 0, 5);
    await clock.advance(1000);
    await settleTurns();
    const at = (await journal.get(4)).time;
    assert.deepEqual((await journal.status()).checkpoint, { size: 5, at });
    await fill(journal, 5, 30);
    assert.deepEqual((await journal.status()).checkpoint, { size: 5, at: null });
  });

  test("keeps contents as long as their entries", async () => {
    await using journal = await openMemoryJournal({ maxEntries: 10 });
    for (let n = 0; n < 100; n++) {
      const content = { output: `text ${n} ${"x".repeat(5000)}` };
      await journal.append({ type: "tool.result", data: { n } }, { content });
    }
    assert.match(Buffer.from((await journal.content(95, "output"))!).toString(), /^text 95 /);
    assert.equal((await journal.verify()).verdict, "intact");
  });

  test("refuses what it cannot be", async () => {
    for (const maxEntries of [0, -1, 1.5, Number.NaN, 10_000_001]) {
      await assert.rejects(openMemoryJournal({ maxEntries }), { code: "OPTION_INVALID" });
    }
    await assert.rejects(openMemoryJournal({ origin: "a b" }), { code: "OPTION_INVALID" });
    await using journal = await openMemoryJournal();
    await assert.rejects(journal.rotateKey(), { code: "OPTION_INVALID" });
    await assert.rejects(journal.prune(), { code: "OPTION_INVALID" });
    await assert.rejects(journal.addHold(), { code: "OPTION_INVALID" });
  });
});
