import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SteleError, type Journal } from "@stele/journal";
import { Gate, settleTurns } from "./support/gate.ts";
import { primitives, signerOf, testKey } from "./support/key.ts";
import type { MemoryDisk } from "./support/memory-disk.ts";
import { newMemoryJournal, openInMemory } from "./support/memory-journal.ts";

const full = new SteleError("DISK_FULL", "write /journal: no space left");

suite("a commit that fails", () => {
  test("rejects what is pending with the cause, and everything after it with WRITER_FAILED", async () => {
    const { journal, gate } = await start();
    await journal.append({ type: "note" });
    gate.close();
    const pending = [journal.append({ type: "note" })];
    await settleTurns();
    pending.push(journal.append({ type: "note" }));
    gate.fail(full);
    for (const append of pending) {
      await assert.rejects(append, (error: SteleError) => {
        assert.equal(error.code, "DISK_FULL");
        assert.match(error.message, /whether entries 1 to 2 are on disk is unknown/);
        assert.equal(error.cause, full);
        assert.equal(error.fix, full.fix);
        return true;
      });
    }
    await assert.rejects(journal.append({ type: "note" }), { code: "WRITER_FAILED", cause: full });
    assert.equal(journal.sealedSize, 1);
    await journal.close();
  });

  test("rejects appends that waited for room, which are not recorded", async () => {
    const { journal, gate } = await start();
    gate.close();
    const data = "x".repeat(60_000);
    const pending = Array.from({ length: 60 }, async () => journal.append({ type: "note", data }));
    await settleTurns();
    gate.fail(full);
    const codes = (await Promise.allSettled(pending)).map((outcome) => {
      return outcome.status === "rejected" ? (outcome.reason as SteleError).code : "recorded";
    });
    assert.deepEqual([...new Set(codes)], ["DISK_FULL", "WRITER_FAILED"]);
    await journal.close();
  });

  test("with an error that has no code gets one", async () => {
    const { journal, gate } = await start();
    gate.fail(new Error("something else"));
    await assert.rejects(journal.append({ type: "note" }), {
      name: "SteleError",
      code: "WRITER_FAILED",
      message: /something else/,
    });
    await journal.close();
  });

  test("leaves nothing to tell for close, so `await using` shows the cause itself", async () => {
    const use = async (): Promise<void> => {
      const { journal: opened, gate } = await start();
      await using journal = opened;
      gate.fail(full);
      await journal.append({ type: "note" });
    };
    await assert.rejects(use(), { name: "SteleError", code: "DISK_FULL" });
  });

  test("after a receipt that promised nothing is told by close", async () => {
    const { journal, gate } = await start();
    gate.fail(full);
    await journal.append({ type: "note" }, { ack: "queued" });
    await assert.rejects(journal.close(), { name: "SteleError", code: "DISK_FULL" });
  });

  test("does not hinder reading what is sealed", async () => {
    const { journal, gate } = await start();
    await journal.append({ type: "note" });
    gate.fail(full);
    await assert.rejects(journal.append({ type: "note" }));
    assert.equal((await Array.fromAsync(journal.read())).length, 1);
    assert.equal((await journal.verify({ threads: 1 })).verdict, "intact");
    await journal.close();
  });
});

suite("a signer that fails", () => {
  const failures: Readonly<Record<string, () => Promise<Uint8Array>>> = {
    "by rejecting": async () => Promise.reject(new Error("no key service")),
    "by throwing": () => {
      throw new Error("no key service");
    },
  };
  for (const [how, fail] of Object.entries(failures)) {
    test(`${how} ends the writer, which still closes`, async () => {
      const key = testKey();
      let calls = 0;
      const sign = (message: Uint8Array): Uint8Array | Promise<Uint8Array> =>
        calls++ === 0 ? primitives.sign(key.seed, message) : fail();
      const journal = await openInMemory(await newMemoryJournal(), { signer: { key, sign } });
      await journal.append({ type: "note" });
      const failed = { code: "SIGNER_FAILED", message: /no key service/ };
      await assert.rejects(journal.append({ type: "note" }), failed);
      await assert.rejects(journal.append({ type: "note" }), { code: "WRITER_FAILED" });
      await journal.close();
    });
  }

  test("a slow one holds commits back, not what is placed", async () => {
    const signer = signerOf(testKey());
    const asked = Promise.withResolvers<void>();
    const slow = Promise.withResolvers<void>();
    const journal = await openInMemory(await newMemoryJournal(), {
      signer: {
        key: signer.key,
        sign: async (message) => {
          asked.resolve();
          await slow.promise;
          return signer.sign(message);
        },
      },
    });
    const first = journal.append({ type: "note" });
    await asked.promise;
    assert.equal((await journal.append({ type: "note" }, { ack: "queued" })).seq, 1);
    slow.resolve();
    assert.equal((await first).sealedSize, 1);
    assert.equal((await journal.append({ type: "note" })).sealedSize, 3);
    assert.equal((await journal.verify({ threads: 1 })).verdict, "intact");
  });

  test("with another key is refused before anything is touched", async () => {
    const disk = await newMemoryJournal();
    const before = new Map(disk.files);
    for (const key of [testKey("other.example"), testKey(undefined, 8)]) {
      const opening = openInMemory(disk, { signer: signerOf(key) });
      await assert.rejects(opening, { code: "KEY_MISMATCH" });
    }
    assert.deepEqual(disk.files, before);
  });
});

suite("close", () => {
  test("waits for what is pending, also for what waits for room", async () => {
    const { journal, gate } = await start();
    gate.close();
    const data = "x".repeat(60_000);
    const pending = Array.from({ length: 50 }, async () => journal.append({ type: "note", data }));
    await settleTurns();
    const closing = journal.close();
    await assert.rejects(journal.append({ type: "late" }), { code: "JOURNAL_CLOSED" });
    gate.stayOpen();
    await closing;
    const receipts = await Promise.all(pending);
    assert.deepEqual(
      receipts.map(({ seq }) => seq),
      [...receipts.keys()],
    );
  });

  test("may be called again, and while it is under way", async () => {
    const { journal } = await start();
    void journal.append({ type: "note" });
    await Promise.all([journal.close(), journal.close()]);
    await journal.close();
    await assert.rejects(journal.append({ type: "note" }), { code: "JOURNAL_CLOSED" });
    await assert.rejects(
      journal.recordGap({ reason: "late", since: "2026-01-01T00:00:00.000Z", count: 1 }),
      { code: "JOURNAL_CLOSED" },
    );
  });

  test("comes by itself at the end of `await using`, after what is pending", async () => {
    const disk = await newMemoryJournal();
    let pending: Promise<unknown>;
    {
      await using journal = await openInMemory(disk);
      pending = journal.append({ type: "note" });
    }
    assert.deepEqual(((await pending) as { seq: number }).seq, 0);
    const journal = await openInMemory(disk);
    assert.equal(journal.sealedSize, 1);
  });
});

interface Started {
  readonly disk: MemoryDisk;
  readonly journal: Journal;
  readonly gate: Gate;
}

/** An empty journal whose commits pass until the gate is closed or made to fail. */
async function start(): Promise<Started> {
  const disk = await newMemoryJournal();
  const journal = await openInMemory(disk);
  const gate = new Gate(disk);
  gate.stayOpen();
  return { disk, journal, gate };
}
