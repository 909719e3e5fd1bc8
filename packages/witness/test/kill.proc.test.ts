import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { parseNote } from "@stele/core/note";
import { TestLog } from "./support/log.ts";
import { post, TestWitness, timeOf } from "./support/witnesses.ts";

const ROUNDS = 12;
const PROGRAM = fileURLToPath(new URL("support/serve-process.ts", import.meta.url));

const log = new TestLog({ size: 4000 });
const fork = new TestLog({ size: 4000, forkAt: 1 });

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
}

/** A kill may come while the `flock` command still holds the lock for a moment. */
async function start(directory: string): Promise<Server> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const words = ["--conditions=@stele/source", PROGRAM, directory];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"] });
    const lines = createInterface({ input: child.stdout });
    const [url] = (await Promise.race([once(lines, "line"), once(child, "exit")])) as [unknown];
    if (typeof url === "string") return { child, url };
    await delay(50);
  }
  return assert.fail("the witness does not start");
}

/** Lets the log grow from this size until the witness is gone; the largest size that was signed. */
async function growUntilGone(url: string, vkey: string, from: number): Promise<number> {
  let signed = from;
  for (;;) {
    const answers = await Promise.all([
      post(url, log.request(signed, signed + 1)),
      signed > 1 ? post(url, fork.request(signed, signed + 1)) : undefined,
    ]).catch(() => undefined);
    if (!answers) return signed;
    const [good, bad] = answers;
    assert.notEqual(bad?.status, 200, "a fork was signed");
    assert.equal(good.status, 200, good.body);
    timeOf(vkey, log.text(signed + 1), good.body);
    signed++;
  }
}

/** What the file says. */
function keptSize(file: string): number {
  if (!existsSync(file)) return 0;
  const { text } = parseNote(utf8(readFileSync(file, "utf8")));
  const { size } = parseCheckpoint(text);
  assert.equal(text, log.text(size), "a checkpoint of the log");
  return size;
}

test("killed at any moment, it knows what it signed, and goes on from there", async () => {
  await using witness = await TestWitness.make([log.vkey]);
  const file = join(witness.directory, "checkpoints", log.hash);
  let size = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { child, url } = await start(witness.directory);
    const growing = growUntilGone(url, witness.vkey, size);
    await delay(20 + round * 15);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    const signed = await growing;
    await gone;
    size = keptSize(file);
    assert.ok(size === signed || size === signed + 1, `signed ${signed}, knows ${size}`);
  }
  assert.ok(size > ROUNDS, `only ${size} checkpoints in all`);
});
