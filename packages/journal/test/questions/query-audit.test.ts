import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { openJournal, SteleError, type Entry, type Event, type Journal } from "@stele/journal";
import type { Query } from "@stele/journal/questions";
import type { SimulatedClock } from "@stele/store/testing";
import { signerOf, testKey } from "../support/key.ts";
import {
  DIRECTORY,
  memoryWorld,
  newMemoryJournal,
  openInMemory,
} from "../support/memory-journal.ts";

// What the query audit of stemedb tests for (see spec/index.md), on the journal.

function audit(id: string, agent: string | undefined, subject: string): Event {
  const contributions = [{ assertion: "ab".repeat(32), weight: 0.75, lifecycle: "approved" }];
  const data = {
    parameters: { subject },
    resultHash: "cd".repeat(32),
    confidence: 1,
    contributions,
  };
  return { type: "query", id, ...(agent !== undefined && { agent }), data };
}

/** One a second. */
async function audited(): Promise<Journal> {
  const world = memoryWorld(await newMemoryJournal());
  const journal = await openJournal(DIRECTORY, { world, signer: signerOf(testKey()) });
  for (const event of [
    audit("q-1", "alice", "sun"),
    { type: "note", agent: "alice" },
    audit("q-2", "bob", "moon"),
    audit("q-3", "alice", "sea"),
    audit("q-4", undefined, "sky"),
    audit("q-5", "alice", "sun"),
  ]) {
    await journal.append(event);
    await (world.clock as SimulatedClock).advance(1000);
  }
  return journal;
}

const ids = (entries: readonly Entry[]): unknown => entries.map(({ event }) => event.id);

async function found(journal: Journal, query: Query): Promise<unknown> {
  return ids((await journal.query({ type: "query", ...query })).entries);
}

suite("query audits, as stemedb looks them up", () => {
  test("an audit is found by its query id, whole", async () => {
    await using journal = await audited();
    const { entries } = await journal.query({ id: "q-3" });
    assert.deepEqual(
      entries.map(({ event }) => event),
      [audit("q-3", "alice", "sea")],
    );
    assert.deepEqual((await journal.query({ id: "q-9" })).entries, []);
  });

  test("audits are found by agent and time range: both ends included, ascending", async () => {
    await using journal = await audited();
    const all = await Array.fromAsync(journal.read());
    const times = { since: all[0]!.time, until: all[3]!.time };
    assert.deepEqual(await found(journal, { agent: "alice", ...times }), ["q-1", "q-3"]);
    const moment = { since: all[3]!.time, until: all[3]!.time };
    assert.deepEqual(await found(journal, { agent: "alice", ...moment }), ["q-3"]);
  });

  test("an end of the time range may be open", async () => {
    await using journal = await audited();
    const { time } = await journal.get(3);
    assert.deepEqual(await found(journal, { agent: "alice", since: time }), ["q-3", "q-5"]);
    assert.deepEqual(await found(journal, { agent: "alice", until: time }), ["q-1", "q-3"]);
    assert.deepEqual(await found(journal, { agent: "alice" }), ["q-1", "q-3", "q-5"]);
  });

  test("an agent's audits are limited to the first ones", async () => {
    await using journal = await audited();
    assert.deepEqual(await found(journal, { agent: "alice", limit: 2 }), ["q-1", "q-3"]);
  });

  test("the most recent audits across agents come newest first, limited", async () => {
    await using journal = await audited();
    assert.deepEqual(ids(await journal.mostRecent(3, { type: "query" })), ["q-5", "q-4", "q-3"]);
    assert.deepEqual(ids(await journal.mostRecent(1)), ["q-5"]);
  });

  test("it is known whether an agent has any", async () => {
    await using journal = await audited();
    assert.equal(await journal.hasAny("bob"), true);
    assert.equal(await journal.hasAny("eve"), false);
  });
});

suite("questions", () => {
  test("what was appended is found at once; a receipt can be waited for", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    for (let count = 0; count < 20; count++) {
      const receipt = await journal.append({ type: "note", id: `n-${count}` }, { ack: "queued" });
      const { entries } = await journal.query({ id: `n-${count}` }, { waitFor: receipt });
      assert.deepEqual(
        entries.map(({ seq }) => seq),
        [receipt.seq],
      );
    }
  });

  test("pages stay what they are while entries are appended", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const append = (): unknown => journal.append({ type: "note", agent: "a" });
    for (let count = 0; count < 10; count++) await append();
    const seen: number[] = [];
    let after: number | undefined;
    do {
      const page = await journal.query({ agent: "a", order: "desc", limit: 3, after });
      seen.push(...page.entries.map(({ seq }) => seq));
      after = page.next ?? undefined;
      await append();
    } while (after !== undefined);
    assert.deepEqual(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  test("contents are not searched, and the index does not hold them", async () => {
    await using journal = await openInMemory(await newMemoryJournal());
    const content = { message: "secretword" };
    await journal.append({ type: "note", data: { message: "plainword" } }, { content });
    assert.equal((await journal.query({ text: "plainword" })).entries.length, 1);
    assert.equal((await journal.query({ text: "secretword" })).entries.length, 0);
  });

  test("entries that were pruned are found and counted no more", async () => {
    const disk = await newMemoryJournal({ segmentBytes: 1024 });
    const journal = await openInMemory(disk);
    for (let count = 0; count < 40; count++) {
      await journal.append({ type: "note", agent: "a", data: { message: `number ${count}` } });
    }
    assert.equal((await journal.query({ agent: "a" })).entries.length, 40);
    const { first } = await journal.prune({ before: 25 });
    assert.ok(first > 0 && first <= 25);
    const { entries } = await journal.query({ agent: "a" });
    assert.deepEqual([entries[0]?.seq, entries.length], [first, 40 - first]);
    assert.deepEqual((await journal.query({ to: first - 1 })).entries, []);
    assert.deepEqual((await journal.query({ to: first - 1 }, { scan: true })).entries, []);
    for (const groupBy of ["agent", "type"] as const) {
      const asked = await journal.stats({ groupBy });
      assert.deepEqual(asked, await journal.stats({ groupBy }, { scan: true }));
    }
    // An index that is made only now begins where the ledger does.
    await journal.close();
    await using other = await openInMemory(disk);
    assert.deepEqual((await other.query({ agent: "a" })).entries, entries);
  });

  for (const [what, query] of [
    ["limit", { limit: 0 }],
    ["limit", { limit: 10_001 }],
    ["order", { order: "up" }],
    ["since", { since: "yesterday" }],
    ["since", { since: "2026-11-28T14:00" }],
    ["agent", { agent: "" }],
    ["text", { text: "—" }],
    ["after", { after: -1 }],
    ["from", { from: 1.5 }],
  ] as const) {
    test(`${JSON.stringify(query)} is refused by the name of ${what}`, async () => {
      await using journal = await openInMemory(await newMemoryJournal());
      await assert.rejects(journal.query(query as Query), (error) => {
        assert.ok(error instanceof SteleError && error.code === "OPTION_INVALID");
        return error.message.startsWith(what);
      });
    });
  }
});
