import assert from "node:assert/strict";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { SteleError } from "@stele/core/error";
import type { Journal } from "@stele/journal";
import { mount } from "../support/mounts.ts";
import { newJournal, open, scratch } from "../support/scratch.ts";

// An index that cannot follow is said to be so, and nothing else is concerned.

const root = scratch("index-problem");
const { directory: small, skip } = mount("-t", "tmpfs", "-o", "size=256k", "tmpfs");

async function appendTo(journal: Journal, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const data = { message: `number ${index}`, costMicros: index };
    await journal.append({ type: "note", id: `e-${journal.sealedSize}`, data });
  }
}

async function problemOf(journal: Journal, isThere: boolean): Promise<SteleError | undefined> {
  for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 50) {
    const [problem] = (await journal.status()).problems;
    if ((problem !== undefined) === isThere) return problem;
    await delay(50);
  }
  throw new Error(isThere ? "no problem was told" : "the problem did not pass");
}

suite("an index that cannot follow", () => {
  test("for want of room is told, costs no append, and mends itself", { skip }, async () => {
    const directory = await newJournal(root);
    const target = join(small, "index.sqlite");
    symlinkSync(target, join(directory, "index.sqlite"));
    const told: SteleError[] = [];
    const onProblem = (problem: SteleError): void => void told.push(problem);
    await using journal = await open(directory, { index: true, onProblem });
    await appendTo(journal, 1);
    await journal.query();
    const ballast = join(small, "ballast");
    writeFull(ballast);
    await appendTo(journal, 300);
    const problem = await problemOf(journal, true);
    assert.equal(problem?.code, "INDEX_FAILED");
    assert.match(problem.message, /index\.sqlite/);
    assert.match(problem.fix, /free space/);
    await appendTo(journal, 10);
    await assert.rejects(journal.query(), { code: "INDEX_FAILED" });
    assert.equal((await journal.query({ limit: 1000 }, { scan: true })).entries.length, 311);
    assert.deepEqual(
      told.map(({ code }) => code),
      ["INDEX_FAILED"],
    );

    rmSync(ballast);
    assert.equal(await problemOf(journal, false), undefined);
    assert.equal((await journal.query({ limit: 1000 })).entries.length, 311);
  });

  test("because the journal is damaged says where", async () => {
    const directory = await newJournal(root);
    await using journal = await open(directory);
    await appendTo(journal, 20);
    const segment = join(directory, "ledger", "00000000000000000000.jsonl");
    writeFileSync(segment, readFileSync(segment, "utf8").replace("number 5", "number 6"));
    await assert.rejects(journal.query(), { code: "JOURNAL_DAMAGED" });
    await appendTo(journal, 5);
    const problem = await problemOf(journal, true);
    assert.deepEqual([problem?.code, problem?.seq], ["JOURNAL_DAMAGED", 5]);
    assert.equal(journal.sealedSize, 25);
  });
});

/** Takes all the room that there is. */
function writeFull(path: string): void {
  for (const size of [4096, 512, 64, 8, 1]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: "a" });
    } catch {
      // Full.
    }
  }
}
