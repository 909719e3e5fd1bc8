import assert from "node:assert/strict";
import { fork, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import type { TestContext } from "node:test";
import type { LockCommand } from "./lock-process.ts";

const root = mkdtempSync(join(tmpdir(), "stele-lock-"));
after(() => rmSync(root, { recursive: true }));

const noFlock = spawnSync("flock", ["--help"]).error !== undefined && "no flock command";
// An empty PATH hides the command.
const withoutFlock = { ...process.env, PATH: "" };

for (const [kind, env, skip] of [
  ["flock and SQLite", process.env, noFlock],
  ["SQLite alone", withoutFlock, false],
] as const) {
  suite(`a lock by ${kind}`, { skip, concurrency: true }, () => {
    test("is refused to a second process, whose error names the holder", async (t) => {
      const { start } = scene(t, env);
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      const answer = await tell(second, "lock");
      assert.match(answer, /^JOURNAL_LOCKED lock .*: held by process/);
      assert.ok(answer.includes(`process ${first.pid} on ${hostname()} since 20`), answer);
      assert.equal(await tell(first, "release"), "done");
      assert.equal(await tell(second, "lock"), "done");
    });

    test("is free at once after kill -9, whatever the holder file still says", async (t) => {
      const { directory, start } = scene(t, env);
      const [first, second, third] = [start(), start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      await kill(first);
      assert.deepEqual(readdirSync(directory).toSorted(), ["lock", "lock.holder"]);
      assert.equal(await tell(second, "lock"), "done");
      await kill(second);
      writeFileSync(join(directory, "lock.holder"), "rubbish");
      assert.equal(await tell(third, "lock"), "done");
    });

    test("is not kept by a child that the killed holder had started", async (t) => {
      const { start } = scene(t, env);
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      assert.equal(await tell(first, "startChild"), "done");
      await kill(first);
      assert.equal(await tell(second, "lock"), "done");
    });

    test("is refused within one process, and the refusal does not loosen it", async (t) => {
      const { start } = scene(t, env);
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      for (const again of ["lock", "lockOnAnotherDisk", "lockInAThread"] as const) {
        assert.match(await tell(first, again), /^JOURNAL_LOCKED .* held by this process since 20/);
      }
      assert.match(await tell(second, "lock"), /^JOURNAL_LOCKED/);
    });

    test("holds while the holder's event loop is blocked", async (t) => {
      const { start } = scene(t, env);
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      assert.equal(await tell(first, "blockTheEventLoop"), "done");
      assert.match(await tell(second, "lock"), /^JOURNAL_LOCKED/);
    });

    test("ends with the disk", async (t) => {
      const { start } = scene(t, env);
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      assert.equal(await tell(first, "closeDisk"), "done");
      assert.equal(await tell(second, "lock"), "done");
      assert.match(await tell(first, "lockOnAnotherDisk"), /^JOURNAL_LOCKED/);
    });

    test("leaves an empty file and nothing else", async (t) => {
      const { directory, start } = scene(t, env);
      const first = start();
      assert.equal(await tell(first, "lock"), "done");
      assert.equal(await tell(first, "release"), "done");
      assert.deepEqual(readdirSync(directory), ["lock"]);
      assert.equal(readFileSync(join(directory, "lock"), "utf8"), "");
    });

    // Without flock the system drops the lock here, which is a known limit.
    const outcome = env === withoutFlock ? /^done/ : /^JOURNAL_LOCKED/;
    test(`answers ${outcome} after the holder opened and closed the file`, async (t) => {
      const { start } = scene(t, env);
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      assert.equal(await tell(first, "openAndClose"), "done");
      assert.match(await tell(first, "lockOnAnotherDisk"), /^JOURNAL_LOCKED/);
      assert.match(await tell(second, "lock"), outcome);
    });
  });
}

/** An empty directory, and processes that lock a file in it and die with the test. */
function scene(t: TestContext, env: NodeJS.ProcessEnv) {
  const directory = mkdtempSync(join(root, "d-"));
  function start(): ChildProcess {
    const script = new URL("./lock-process.ts", import.meta.url);
    const child = fork(script, [join(directory, "lock")], { env });
    t.after(() => child.kill("SIGKILL"));
    return child;
  }
  return { directory, start };
}

async function tell(child: ChildProcess, command: LockCommand): Promise<string> {
  const answer = Promise.race([once(child, "message"), once(child, "exit")]);
  child.send(command);
  return String((await answer)[0]);
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
