import assert from "node:assert/strict";
import { fork, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, suite, test } from "node:test";
import type { LockCommand } from "./lock-process.ts";

const hasFlock = spawnSync("flock", ["--help"]).error === undefined;
const root = mkdtempSync(join(tmpdir(), "stele-lock-"));
after(() => rmSync(root, { recursive: true }));

for (const kind of ["with flock", "without flock"] as const) {
  suite(`lock ${kind}`, { skip: kind === "with flock" && !hasFlock && "no flock command" }, () => {
    let path: string;
    let count = 0;
    const started: ChildProcess[] = [];

    beforeEach(() => {
      path = join(root, `${kind.replace(" ", "-")}-${count++}`);
    });
    afterEach(() => {
      for (const child of started.splice(0)) child.kill("SIGKILL");
    });

    function start(): ChildProcess {
      const env = kind === "with flock" ? process.env : { ...process.env, PATH: root };
      const child = fork(new URL("./lock-process.ts", import.meta.url), [path], { env });
      started.push(child);
      return child;
    }

    test("is refused to a second process, whose error names the holder", async () => {
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      const answer = await tell(second, "lock");
      assert.match(answer, /^JOURNAL_LOCKED lock .*: held by process/);
      assert.ok(answer.includes(`process ${first.pid} on ${hostname()} since 20`), answer);
      assert.equal(await tell(first, "release"), "done");
      assert.equal(await tell(second, "lock"), "done");
    });

    test("is free at once after kill -9, whatever the holder file still says", async () => {
      const [first, second, third] = [start(), start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      await kill(first);
      assert.ok(existsSync(`${path}.holder`));
      assert.equal(await tell(second, "lock"), "done");
      await kill(second);
      writeFileSync(`${path}.holder`, "rubbish");
      assert.equal(await tell(third, "lock"), "done");
    });

    test("is not kept by a child that the killed holder had started", async () => {
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      assert.equal(await tell(first, "startChild"), "done");
      await kill(first);
      assert.equal(await tell(second, "lock"), "done");
    });

    test("is refused within one process, and the refusal does not loosen it", async () => {
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      for (const again of ["lock", "lockOnAnotherDisk", "lockInAThread"] as const) {
        assert.match(await tell(first, again), /^JOURNAL_LOCKED .* held by this process since 20/);
      }
      assert.match(await tell(second, "lock"), /^JOURNAL_LOCKED/);
    });

    test("holds while the holder's event loop is blocked", async () => {
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      assert.equal(await tell(first, "blockTheEventLoop"), "done");
      assert.match(await tell(second, "lock"), /^JOURNAL_LOCKED/);
    });

    test("ends with the disk", async () => {
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      assert.equal(await tell(first, "closeDisk"), "done");
      assert.equal(await tell(first, "lockOnAnotherDisk"), "done");
      assert.match(await tell(second, "lock"), /^JOURNAL_LOCKED/);
    });

    test("leaves an empty lock file and nothing else", async () => {
      const first = start();
      assert.equal(await tell(first, "lock"), "done");
      const holder = JSON.parse(readFileSync(`${path}.holder`, "utf8"));
      assert.equal(holder.pid, first.pid);
      assert.equal(await tell(first, "release"), "done");
      assert.equal(readFileSync(path, "utf8"), "");
      assert.deepEqual(
        readdirSync(root).filter((name) => join(root, name).startsWith(path)),
        [path.slice(root.length + 1)],
      );
    });

    const needsFlock =
      kind === "without flock" && "the system drops fcntl locks here (spec: limits)";
    test("survives the holder's opening and closing the file", { skip: needsFlock }, async () => {
      const [first, second] = [start(), start()];
      assert.equal(await tell(first, "lock"), "done");
      assert.equal(await tell(first, "openAndClose"), "done");
      assert.match(await tell(second, "lock"), /^JOURNAL_LOCKED/);
      assert.match(await tell(first, "lockOnAnotherDisk"), /^JOURNAL_LOCKED/);
    });
  });
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
