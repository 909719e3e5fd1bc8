import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseEvent, type Journal, type Receipt } from "@stele/journal";
import { SimulatedClock } from "@stele/store/testing";
import { Gate, settleTurns } from "./support/gate.ts";
import { segmentsOf } from "./support/ledger-lines.ts";
import type { MemoryDisk } from "./support/memory-disk.ts";
import { memoryWorld, newMemoryJournal, openInMemory } from "./support/memory-journal.ts";

suite("group commit", () => {
  test("appends that arrive during a commit share the next one", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    const gate = new Gate(disk);
    const first = journal.append({ type: "note" });
    await settleTurns();
    const others = Array.from({ length: 100 }, async () => journal.append({ type: "note" }));
    await settleTurns();
    gate.letGo();
    assert.equal((await first).sealedSize, 1);
    await settleTurns();
    gate.letGo();
    const receipts = await Promise.all(others);
    assert.deepEqual([...new Set(receipts.map(({ sealedSize }) => sealedSize))], [101]);
    assert.equal(gate.arrived, 2);
    assert.equal(sealCount(disk), 2);
  });

  test("appends made in the same turn share one commit", async () => {
    const disk = await newMemoryJournal();
    const journal = await openInMemory(disk);
    await Promise.all(Array.from({ length: 50 }, async () => journal.append({ type: "note" })));
    assert.equal(sealCount(disk), 1);
  });

  test("receipts name seq, hash and time as they are recorded, in the order of the appends", async () => {
    const journal = await openInMemory(await newMemoryJournal({ segmentBytes: 4096 }));
    const order: number[] = [];
    const appends = Array.from({ length: 200 }, async (_, index) => {
      const receipt = await journal.append({ type: "note", data: index });
      order.push(index);
      return receipt;
    });
    const receipts = await Promise.all(appends);
    const entries = await Array.fromAsync(journal.read());
    assert.deepEqual(
      receipts.map(({ seq, hash, time }) => ({ seq, hash, time })),
      entries.map(({ seq, hash, time }) => ({ seq, hash, time })),
    );
    assert.deepEqual(
      entries.map(({ event }) => event.data),
      order,
    );
    assert.deepEqual(
      order,
      order.toSorted((left, right) => left - right),
    );
  });
});

suite("acknowledgement", () => {
  test("queued comes at once, and names no seal", async () => {
    const { journal, gate } = await gated();
    const receipt = await journal.append({ type: "note" }, { ack: "queued" });
    assert.deepEqual(
      { seq: receipt.seq, sealedSize: receipt.sealedSize },
      { seq: 0, sealedSize: null },
    );
    assert.equal(journal.sealedSize, 0);
    gate.stayOpen();
    await journal.close();
  });

  test("written comes when the seal has been handed over, synced when it is on disk", async () => {
    const { journal, gate } = await gated();
    const told: string[] = [];
    const note = async (ack: "written" | "synced"): Promise<Receipt> => {
      const receipt = await journal.append({ type: "note" }, { ack });
      told.push(ack);
      return receipt;
    };
    const both = [note("synced"), note("written")];
    await settleTurns();
    assert.deepEqual(told, []);
    gate.letGo();
    await settleTurns();
    assert.deepEqual(told, ["written"]);
    assert.equal(journal.sealedSize, 0);
    gate.letGo();
    assert.deepEqual(
      (await Promise.all(both)).map(({ sealedSize }) => sealedSize),
      [2, 2],
    );
    assert.equal(journal.sealedSize, 2);
  });

  test("of a kind that does not exist is refused", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    const ack = "witnessed" as "synced";
    await assert.rejects(journal.append({ type: "note" }, { ack }), { code: "OPTION_INVALID" });
    assert.equal((await journal.append({ type: "note" })).seq, 0);
  });
});

suite("a large event", () => {
  /** What the leaf has beside the text: only the length of `seq` varies. */
  const AROUND = Buffer.byteLength(
    `{"seq":0,"prev":"${"0".repeat(64)}","time":"2026-01-01T00:00:00.000Z",` +
      `"event":{"type":"note","data":""}}`,
  );

  test("may make a leaf of 65,535 bytes and not one more, however many bytes a character takes", async () => {
    for (const character of ["x", "é", "€", "\u{1f512}", "\\", "\n"]) {
      const journal = await openInMemory(await newMemoryJournal());
      const bytes = Buffer.byteLength(JSON.stringify(character)) - 2;
      const count = Math.floor((65_535 - AROUND) / bytes);
      const filler = "y".repeat(65_535 - AROUND - count * bytes);
      const largest = { type: "note", data: character.repeat(count) + filler };
      for (const data of [`${largest.data}y`, largest.data.repeat(2), largest.data.repeat(99)]) {
        const tooLarge = journal.append({ type: "note", data });
        await assert.rejects(tooLarge, { code: "EVENT_TOO_LARGE" });
      }
      assert.equal((await journal.append(largest)).seq, 0);
      assert.deepEqual((await journal.get(0)).event, largest);
      assert.equal((await journal.verify({ threads: 1 })).verdict, "intact");
    }
  });

  test("that is refused takes no place among others in its commit", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    const outcomes = await Promise.allSettled(
      [10, 70_000, 10, 70_000, 10].map(async (length) =>
        journal.append({ type: "note", data: "x".repeat(length) }),
      ),
    );
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.seq : "refused")),
      [0, "refused", 1, "refused", 2],
    );
    assert.equal((await journal.verify({ threads: 1 })).verdict, "intact");
  });
});

suite("memory", () => {
  test("is bounded: appends wait for room, and all are acknowledged in order", async () => {
    const { journal, gate } = await gated();
    const data = "x".repeat(60_000);
    const seqs: number[] = [];
    const appends = Array.from({ length: 100 }, async () => {
      const { seq } = await journal.append({ type: "note", data }, { ack: "queued" });
      seqs.push(seq);
    });
    await settleTurns();
    assert.ok(seqs.length >= 16 && seqs.length <= 40, `${seqs.length} placed`);
    gate.stayOpen();
    await Promise.all(appends);
    await journal.close();
    assert.deepEqual(
      seqs,
      Array.from({ length: 100 }, (_, index) => index),
    );
  });

  test("holds contents of one commit, not of all that wait", async () => {
    const { journal, gate } = await gated();
    const output = "x".repeat(5 * 1024 * 1024);
    const placed: number[] = [];
    const appends = Array.from({ length: 12 }, async () => {
      const receipt = await journal.append(
        { type: "note" },
        { content: { output }, ack: "queued" },
      );
      placed.push(receipt.seq);
    });
    await settleTurns();
    assert.ok(placed.length >= 3 && placed.length <= 7, `${placed.length} placed`);
    gate.stayOpen();
    await Promise.all(appends);
    await journal.close();
  });
});

suite("an event", () => {
  test("is taken as it is at the call: later changes do not matter", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    const event = { type: "note", data: { count: 1 } };
    const bytes = Buffer.from("before");
    const pending = journal.append(event, { content: { bytes } });
    event.data.count = 2;
    bytes.fill(0);
    await pending;
    assert.deepEqual((await journal.get(0)).event.data, { count: 1 });
    assert.equal(Buffer.from((await journal.content(0, "bytes"))!).toString(), "before");
  });

  test("given as text is stored token by token as it came", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    await journal.append(parseEvent('{ "type" : "note", "data" : [1.50, 1e2, "\\u00e9"] }'));
    const [stored] = await Array.fromAsync(journal.readLines());
    assert.ok(stored!.line.includes('"event":{"type":"note","data":[1.50,1e2,"\\u00e9"]}'));
  });

  test("of the journal's own types is refused", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    for (const event of [{ type: "stele.gap" }, parseEvent('{"type":"stele.key"}')]) {
      await assert.rejects(journal.append(event), { code: "EVENT_INVALID" });
    }
  });

  test("that says that events are missing has its own call", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    const gap = { reason: "disk full", since: "2026-01-01T00:00:00.000Z", count: 3 };
    await journal.recordGap(gap);
    assert.deepEqual((await journal.get(0)).event, { type: "stele.gap", data: gap });
  });

  test("that is none is refused with a code, and the journal goes on", async () => {
    const journal = await openInMemory(await newMemoryJournal());
    const cyclic: Record<string, unknown> = { type: "note" };
    cyclic["data"] = cyclic;
    const events: readonly unknown[] = [
      undefined,
      null,
      7,
      "note",
      [],
      {},
      { type: 7 },
      { type: "" },
      { type: "Upper" },
      { type: "a..b" },
      { type: "x".repeat(129) },
      { type: "note", id: "" },
      { type: "note", session: 7 },
      { type: "note", parent: "x".repeat(513) },
      { type: "note", content: {} },
      { type: "note", data: Number.NaN },
      { type: "note", data: [Number.POSITIVE_INFINITY] },
      { type: "note", data: 1n },
      { type: "note", data: "\ud800" },
      { type: "note", toJSON: () => undefined },
      { type: "note", toJSON: () => "text" },
      ...[129, 1000, 3000, 5000, 7000, 20_000].map((depth) => ({
        type: "note",
        data: nested(depth),
      })),
      cyclic,
    ];
    for (const event of events) {
      await assert.rejects(journal.append(event as { type: string }), { name: "SteleError" });
    }
    assert.equal((await journal.append({ type: "note" })).seq, 0);
    assert.equal((await journal.verify({ threads: 1 })).verdict, "intact");
  });
});

test("an event may hold objects that say themselves what they are as JSON", async () => {
  const journal = await openInMemory(await newMemoryJournal());
  class Loop {
    readonly self = this;
    readonly nothing = Number.NaN;
    toJSON(): unknown {
      return { loop: null };
    }
  }
  await journal.append({ type: "note", data: [new Loop(), new Date(0)] });
  const { event } = await journal.get(0);
  assert.deepEqual(event.data, [{ loop: null }, "1970-01-01T00:00:00.000Z"]);
});

test("times are what the clock said, also when it jumps back, and the order is that of seq", async () => {
  const disk = await newMemoryJournal({ segmentBytes: 1024 });
  const clock = new SimulatedClock(Date.UTC(2026, 5, 1));
  const journal = await openInMemory(disk, { world: { ...memoryWorld(disk), clock } });
  const times: string[] = [];
  for (const jumpMs of [0, 60_000, -3_600_000, 1, -86_400_000 * 400, 0]) {
    clock.jump(jumpMs);
    times.push((await journal.append({ type: "note" })).time);
  }
  assert.deepEqual(times, [
    "2026-06-01T00:00:00.000Z",
    "2026-06-01T00:01:00.000Z",
    "2026-05-31T23:01:00.000Z",
    "2026-05-31T23:01:00.001Z",
    "2025-04-26T23:01:00.001Z",
    "2025-04-26T23:01:00.001Z",
  ]);
  const entries = await Array.fromAsync(journal.read());
  assert.deepEqual(
    entries.map(({ time }) => time),
    times,
  );
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    [0, 1, 2, 3, 4, 5],
  );
  const verdict = await journal.verify({ threads: 1 });
  assert.equal(verdict.verdict, "intact");
  assert.equal(verdict.assurance.sealedAt, times.at(-1));
});

test("a clock that says no time that can be written is told, and the journal goes on", async () => {
  const disk = await newMemoryJournal();
  let nowMs = 0;
  const clock = {
    ...memoryWorld(disk).clock,
    turn: async () => {},
    nowMs: () => nowMs,
    idleDelay: async () => {},
  };
  const journal = await openInMemory(disk, { world: { ...memoryWorld(disk), clock } });
  for (nowMs of [Number.NaN, -1, Infinity, Date.UTC(10_000, 0, 1), 9e15]) {
    await assert.rejects(journal.append({ type: "note" }), { code: "CLOCK_INVALID" });
  }
  for (nowMs of [0, Date.UTC(10_000, 0, 1) - 1]) await journal.append({ type: "note" });
  assert.equal((await journal.verify({ threads: 1 })).verdict, "intact");
});

/** So many arrays in each other. */
function nested(depth: number): unknown {
  let value: unknown = null;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

/** An empty journal whose commits are held back. */
async function gated(): Promise<{ readonly journal: Journal; readonly gate: Gate }> {
  const disk = await newMemoryJournal();
  return { journal: await openInMemory(disk), gate: new Gate(disk) };
}

function sealCount(disk: MemoryDisk): number {
  return segmentsOf(disk).flatMap(({ lines }) => lines.filter(({ kind }) => kind === "seal"))
    .length;
}
