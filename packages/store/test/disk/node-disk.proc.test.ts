import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";

const root = mkdtempSync(join(tmpdir(), "stele-disk-"));
after(() => rmSync(root, { recursive: true }));

const noShell = process.platform === "win32" && "needs a Unix shell";
const noFullDevice = !existsSync("/dev/full") && "no /dev/full";
const noRoot = process.getuid?.() !== 0 && "needs root";
const noMounts =
  spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", root]).status !== 0 &&
  "mounting a small tmpfs is not permitted here";

suite("the system's errors", () => {
  test("EMFILE is DISK_TOO_MANY_FILES, also where a thread cannot start", { skip: noShell }, () => {
    const lines = run(
      `await disk.makeDirectory(root);
      const files = [];
      try { for (;;) files.push(await disk.openRead(process.execPath)); }
      catch (error) { say(error); }
      await disk.openWrite(root + "/file").catch(say);
      await disk.lock(root + "/lock").catch(say);
      await nodeDisk().remove(root + "/file").catch(say);
      for (const file of files) await file.close();
      await disk.remove(root + "/file").catch(say);`,
      ["sh", "-c", 'ulimit -n 40; exec "$@"', "--"],
    );
    assert.deepEqual(lines, [...Array<string>(4).fill("DISK_TOO_MANY_FILES"), "DISK_NOT_FOUND"]);
  });

  test("ENOSPC is DISK_FULL", { skip: noFullDevice }, () => {
    const lines = run(
      `const file = await disk.openWrite("/dev/full");
      await file.write(new Uint8Array(1), 0).catch(say);`,
    );
    assert.deepEqual(lines, ["DISK_FULL"]);
  });

  test("ENOSPC within a write is DISK_FULL, EROFS is DISK_READ_ONLY", { skip: noMounts }, () => {
    const fillThenProtect = `mount -t tmpfs -o size=16k tmpfs ${root} && "$@"
      mount -o remount,ro ${root} && "$@"`;
    const lines = run(
      `try { await (await disk.openWrite(root + "/file")).write(new Uint8Array(2 ** 16), 0); }
      catch (error) { say(error); }
      await disk.lock(root + "/lock").catch(say);`,
      ["unshare", "-m", "sh", "-c", fillThenProtect, "--"],
    );
    assert.deepEqual(lines, ["DISK_FULL", "DISK_READ_ONLY", "DISK_READ_ONLY"]);
  });

  test("EACCES is DISK_PERMISSION", { skip: noRoot }, () => {
    const lines = run(
      `process.umask(0o077);
      await disk.makeDirectory(root + "/private");
      await (await disk.openWrite(root + "/secret")).close();
      process.setuid(65534);
      await disk.openRead(root + "/secret").catch(say);
      await disk.openWrite(root + "/private/file").catch(say);
      await disk.lock(root + "/private/lock").catch(say);`,
    );
    assert.deepEqual(lines, Array<string>(3).fill("DISK_PERMISSION"));
  });
});

suite("the disk's thread", () => {
  test("survives a lock file that cannot be locked", () => {
    const lines = run(
      `const file = await disk.openWrite(root + "/text");
      await file.write(Buffer.from("neither empty nor a database".repeat(100)), 0);
      await disk.lock(root + "/text").catch(say);
      await disk.lock(root).catch(say);
      console.log(await file.size());`,
    );
    assert.deepEqual(lines, ["DISK_IO", "DISK_IO", "2800"]);
  });

  test("keeps the process alive during calls only", () => {
    const lines = run(
      `const file = await disk.openWrite(root + "/alive");
      process.on("exit", (code) => console.log("exit", code));
      file.write(Buffer.from("written"), 0).then(() => console.log("written"));`,
    );
    assert.deepEqual(lines, ["written", "exit 0"]);
  });

  test("works while the thread pool is full", { skip: noShell }, () => {
    const lines = run(
      `const { spawnSync } = await import("node:child_process");
      const fs = await import("node:fs");
      spawnSync("mkfifo", [root + "/fifo"]);
      for (let thread = 0; thread < 64; thread++) fs.open(root + "/fifo", "r", () => {});
      let isPoolFull = true;
      disk.list(root).then(() => { isPoolFull = false; });
      const file = await disk.openWrite(root + "/file");
      await disk.run([
        { kind: "write", file, bytes: Buffer.from("x"), offsetBytes: 0 },
        { kind: "sync", file },
      ]);
      await disk.syncDirectory(root);
      await (await disk.lock(root + "/lock")).release();
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(isPoolFull ? "done, and the pool is full" : "the pool was not full");
      process.kill(process.pid, "SIGKILL");`,
    );
    assert.deepEqual(lines, ["done, and the pool is full"]);
  });
});

/** Runs the script with a disk in a process of its own, and returns the lines that it prints. */
function run(script: string, wrapper: readonly string[] = []): string[] {
  const source = `
    import { nodeDisk } from "@stele/store/node";
    const disk = nodeDisk();
    const root = ${JSON.stringify(root)};
    const say = (error) => console.log(error.code);
    ${script}`;
  const node = [process.execPath, ...process.execArgv, "--input-type=module", "-e", source];
  const [command, ...rest] = [...wrapper, ...node];
  const { stdout, stderr } = spawnSync(command!, rest, { cwd: import.meta.dirname });
  assert.equal(stderr.toString(), "");
  return stdout.toString().trim().split("\n");
}
