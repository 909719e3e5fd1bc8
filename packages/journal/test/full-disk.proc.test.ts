import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { createJournal, openReader, SteleError, type Receipt } from "@stele/journal";
import { environment } from "./support/key.ts";
import { mount } from "./support/mounts.ts";
import { open } from "./support/scratch.ts";

const { directory: disk, skip } = mount("-t", "tmpfs", "-o", "size=512k", "tmpfs");

suite("a full disk", { skip }, () => {
  for (const kind of ["entries", "contents"] as const) {
    test(`met while writing ${kind} loses nothing acknowledged, and the journal goes on`, async () => {
      const directory = join(disk, kind);
      const ballast = join(disk, "ballast");
      writeFileSync(ballast, Buffer.alloc(200 * 1024, 1));
      await createJournal(directory, { environment, segmentBytes: 16 * 1024 });
      const receipts = await appendUntilFull(directory, kind);
      assert.ok(receipts.length > 20);
      await expectAllThere(directory, receipts);

      // Opening needs a little room when something must be set aside; without it, it says so and
      // changes nothing.
      await openAndClose(directory).catch(assertFull);
      await expectAllThere(directory, receipts);

      rmSync(ballast);
      await using journal = await open(directory);
      const before = journal.sealedSize;
      assert.ok(before >= receipts.length);
      assert.equal((await journal.append({ type: "note" })).seq, before);
      assert.equal((await journal.verify()).verdict, "intact");
      await journal.close();
      rmSync(directory, { recursive: true });
    });
  }

  test("met while a journal is made is told, and it can be made later", async () => {
    const ballast = join(disk, "ballast");
    const directory = join(disk, "new");
    for (let free = 0; ; free++) {
      fillUp(ballast, free);
      try {
        await createJournal(directory, { environment });
        break;
      } catch (error) {
        assertFull(error);
      }
    }
    rmSync(ballast);
    await using journal = await open(directory);
    assert.equal((await journal.append({ type: "note" })).seq, 0);
  });
});

async function appendUntilFull(
  directory: string,
  kind: "entries" | "contents",
): Promise<readonly Receipt[]> {
  const journal = await open(directory);
  const receipts: Receipt[] = [];
  const data = "x".repeat(1000);
  const options = kind === "contents" ? { content: { body: data.repeat(4) } } : {};
  const failures: unknown[] = [];
  while (failures.length === 0) {
    const appends = [1, 2, 3, 4].map(async () => journal.append({ type: "note", data }, options));
    for (const outcome of await Promise.allSettled(appends)) {
      if (outcome.status === "fulfilled") receipts.push(outcome.value);
      else failures.push(outcome.reason);
    }
  }
  for (const failure of failures) assertFull(failure);
  await assert.rejects(journal.append({ type: "note" }), { code: "WRITER_FAILED" });
  await journal.close();
  return receipts;
}

async function openAndClose(directory: string): Promise<void> {
  await using journal = await open(directory);
  assert.ok(journal.sealedSize > 0);
}

function assertFull(error: unknown): void {
  assert.ok(error instanceof SteleError, String(error));
  assert.equal(error.code, "DISK_FULL", error.message);
  assert.match(error.fix, /free space/);
  assert.ok(error.path !== undefined && error.message.includes(error.path), error.message);
}

async function expectAllThere(directory: string, receipts: readonly Receipt[]): Promise<void> {
  const reader = await openReader(directory);
  const entries = await Array.fromAsync(reader.read());
  for (const { seq, hash } of receipts) assert.equal(entries[seq]?.hash, hash);
  const { verdict, firstBad } = await reader.verify();
  assert.equal(verdict, "intact", firstBad?.reason);
}

/** Leaves so many blocks free. */
function fillUp(ballast: string, free: number): void {
  rmSync(ballast, { force: true });
  for (let blocks = 128; blocks > 0; blocks--) {
    try {
      writeFileSync(ballast, Buffer.alloc(4096 * blocks, 1));
      writeFileSync(ballast, Buffer.alloc(4096 * Math.max(0, blocks - free), 1));
      return;
    } catch {
      // Too much.
    }
  }
}
