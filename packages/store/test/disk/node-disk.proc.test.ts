import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";

const root = mkdtempSync(join(tmpdir(), "stele-disk-"));
after(() => rmSync(root, { recursive: true }));

suite("the system's errors", () => {
  test("EMFILE is DISK_TOO_MANY_FILES, ENOENT DISK_NOT_FOUND", { skip: windows() }, () => {
    const output = runIn(
      "ulimit -n 40; exec",
      `
      await disk.makeDirectory(root);
      const files = [];
      try { for (;;) files.push(await disk.openRead(process.execPath)); }
      catch (error) { console.log(error.code); }
      await disk.openWrite(root + "/file").catch(({ code }) => console.log(code));
      await disk.lock(root + "/lock").catch(({ code }) => console.log(code));
      await nodeDisk().remove(root + "/missing").catch(({ code }) => console.log(code));
      for (const file of files) await file.close();
      await disk.openWrite(root + "/missing/file").catch(({ code }) => console.log(code));`,
    );
    assert.deepEqual(output, [...Array(4).fill("DISK_TOO_MANY_FILES"), "DISK_NOT_FOUND"]);
  });

  test("ENOSPC is DISK_FULL", { skip: !existsSync("/dev/full") && "no /dev/full" }, () => {
    const output = run(`
      const file = await disk.openWrite("/dev/full");
      await file.write(new Uint8Array(1), 0).catch(({ code }) => console.log(code));`);
    assert.deepEqual(output, ["DISK_FULL"]);
  });

  test(
    "a disk that fills up during a write is DISK_FULL, EROFS is DISK_READ_ONLY",
    {
      skip: mountsRefused(),
    },
    () => {
      const output = runIn(
        `mount -t tmpfs -o size=16k tmpfs ${root} && unshare -m sh -c '"$@"; mount -o remount,ro ${root}; "$@"' --`,
        `
      const bytes = new Uint8Array(2 ** 16);
      try { await (await disk.openWrite(root + "/file")).write(bytes, 0); }
      catch (error) { console.log(error.code); }
      await disk.lock(root + "/lock").catch(({ code }) => console.log(code));`,
        "unshare -m",
      );
      assert.deepEqual(output, ["DISK_FULL", "DISK_READ_ONLY", "DISK_READ_ONLY"]);
    },
  );

  test("EACCES is DISK_PERMISSION", { skip: !isRoot() && "not root" }, () => {
    const output = run(`
      process.umask(0o077);
      await disk.makeDirectory(root + "/private");
      await (await disk.openWrite(root + "/secret")).close();
      process.setuid(65534);
      await disk.openRead(root + "/secret").catch(({ code }) => console.log(code));
      await disk.openWrite(root + "/private/file").catch(({ code }) => console.log(code));
      await disk.lock(root + "/private/lock").catch(({ code }) => console.log(code));`);
    assert.deepEqual(output, Array(3).fill("DISK_PERMISSION"));
  });
});

suite("the disk's thread", () => {
  test("keeps the process alive during calls only", () => {
    const output = run(`
      const file = await disk.openWrite(root + "/alive");
      process.on("exit", (code) => console.log("exit", code));
      file.write(Buffer.from("written"), 0).then(() => console.log("written"));`);
    assert.deepEqual(output, ["written", "exit 0"]);
  });

  test("works while the thread pool is full", { skip: windows() }, () => {
    const output = run(`
      const { spawnSync } = await import("node:child_process");
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
      console.log(isPoolFull);
      process.kill(process.pid, "SIGKILL");`);
    assert.deepEqual(output, ["true"]);
  });
});

/**
 * Runs the script with a disk and a directory in a process of its own, and returns the lines it
 * prints.
 */
function run(script: string): string[] {
  return runIn("exec", script);
}

function runIn(prefix: string, script: string, shellPrefix = ""): string[] {
  const source = `
    import { nodeDisk } from "@stele/store/node";
    const disk = nodeDisk();
    const root = ${JSON.stringify(root)};
    ${script}`;
  const node = [...process.execArgv, "--input-type=module", "-e", source];
  const shell = [...shellPrefix.split(" "), "sh", "-c", `${prefix} "$@"`, "--", process.execPath];
  const [command, ...rest] = shell.filter((word) => word !== "");
  const { stdout, stderr } = spawnSync(command!, [...rest, ...node], { cwd: import.meta.dirname });
  assert.equal(stderr.toString(), "");
  return stdout.toString().trim().split("\n");
}

function mountsRefused(): string | false {
  const { status } = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", root]);
  return status !== 0 && "mounting a small tmpfs is not permitted here";
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function windows(): string | false {
  return process.platform === "win32" && "needs a Unix shell";
}
