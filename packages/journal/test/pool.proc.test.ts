import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants, closeSync, openSync } from "node:fs";
import { open as openFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { newJournal, open, scratch } from "./support/scratch.ts";

/** More than libuv has threads. */
const JOBS = 16;

const root = scratch("pool");

test("appends, contents and rotations wait for nothing in Node's thread pool", async () => {
  const journal = await open(await newJournal(root, { segmentBytes: 4096 }));
  const pool = new BlockedPool();
  const before = journal.sealedSize;
  for (let index = 0; index < 100; index++) {
    await journal.append({ type: "note", data: index }, { content: { body: "x".repeat(500) } });
  }
  // Had one of them needed the pool, we would never have come here.
  assert.equal(pool.finished, 0);
  assert.equal(journal.sealedSize, before + 100);
  await pool.release();
  assert.equal((await journal.verify()).verdict, "intact");
  await journal.close();
});

/** Every thread of the pool waits for somebody to write into a pipe. */
class BlockedPool {
  finished = 0;
  readonly #pipe = join(root, "pipe");
  readonly #jobs: Promise<FileHandle>[];

  constructor() {
    execFileSync("mkfifo", [this.#pipe]);
    this.#jobs = Array.from({ length: JOBS }, async () => {
      const handle = await openFile(this.#pipe, "r");
      this.finished++;
      return handle;
    });
  }

  async release(): Promise<void> {
    const writer = openSync(this.#pipe, constants.O_RDWR);
    for (const job of this.#jobs) await (await job).close();
    closeSync(writer);
  }
}
