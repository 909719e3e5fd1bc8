import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { createJournal, openReader, type ErrorCode } from "@stele/journal";
import { Child } from "./support/child.ts";
import { environment } from "./support/key.ts";
import { copyJournal, ledgerFiles } from "./support/ledger-files.ts";
import { mount } from "./support/mounts.ts";
import { newJournal, open, scratch } from "./support/scratch.ts";

// What is not a journal, or cannot be used as one now: each its own code, and a fix.

const root = scratch("refusals");

suite("what is no journal", () => {
  test("a directory that is not there", async () => {
    await expectRefused(join(root, "nowhere"), "JOURNAL_MISSING");
  });

  test("a file", async () => {
    const path = join(root, "file");
    writeFileSync(path, "");
    await expectRefused(path, "JOURNAL_MISSING");
  });

  test("a directory with other things in it", async () => {
    const directory = join(root, "other");
    mkdirSync(directory);
    writeFileSync(join(directory, "notes.txt"), "mine");
    await expectRefused(directory, "JOURNAL_NOT_A_JOURNAL");
    assert.deepEqual(readdirSync(directory), ["notes.txt"]);
  });

  test("a ledger without its manifest, which is not made anew over it either", async () => {
    const directory = await filled();
    rmSync(join(directory, "stele.json"));
    await expectRefused(directory, "JOURNAL_NOT_A_JOURNAL");
    await assert.rejects(createJournal(directory, { environment }), {
      code: "JOURNAL_NOT_A_JOURNAL",
    });
  });

  test("a manifest without its ledger", async () => {
    const directory = await filled();
    rmSync(join(directory, "ledger"), { recursive: true });
    await assert.rejects(open(directory), { code: "JOURNAL_DAMAGED" });
    const { verdict } = await (await openReader(directory)).verify();
    assert.notEqual(verdict, "intact");
  });
});

suite("a newer format", () => {
  test("in the manifest", async () => {
    const directory = await filled();
    edit(join(directory, "stele.json"), '"stele":1', '"stele":2');
    await expectRefused(directory, "JOURNAL_NEWER_FORMAT");
  });

  test("in the last segment", async () => {
    const directory = await filled();
    edit(ledgerFiles(directory).at(-1)!, '"stele":1', '"stele":2');
    await assert.rejects(open(directory), { code: "JOURNAL_NEWER_FORMAT", fix: "upgrade Stele" });
    const reader = await openReader(directory);
    await assert.rejects(reader.verify(), { code: "JOURNAL_NEWER_FORMAT" });
    await assert.rejects(reader.verify({ threads: 2 }), { code: "JOURNAL_NEWER_FORMAT" });
  });
});

suite("a journal that is there already", () => {
  test("is not made again", async () => {
    const directory = await filled();
    const before = readFileSync(join(directory, "stele.json"));
    await assert.rejects(createJournal(directory, { environment }), { code: "JOURNAL_EXISTS" });
    assert.deepEqual(readFileSync(join(directory, "stele.json")), before);
  });

  test("nor with options that cannot be", async () => {
    for (const segmentBytes of [0, 1023, 1.5, Number.NaN, 2 ** 41]) {
      const making = createJournal(join(root, "new"), { environment, segmentBytes });
      await assert.rejects(making, { code: "OPTION_INVALID" });
    }
    assert.ok(!readdirSync(root).includes("new"));
  });
});

const mounted = mount("-t", "tmpfs", "-o", "size=4m", "tmpfs");
suite("a read-only file system", { skip: mounted.skip }, () => {
  test("is read, verified, and not written", async () => {
    const { directory: place } = mounted;
    const directory = join(place, "journal");
    await createJournal(directory, { environment });
    await appendOne(directory);
    remount(place, "ro");
    try {
      await expectCoded(open(directory), "DISK_READ_ONLY");
      await expectCoded(createJournal(join(place, "new"), { environment }), "DISK_READ_ONLY");
      const reader = await openReader(directory);
      assert.equal((await reader.get(0)).seq, 0);
      assert.equal((await reader.verify()).verdict, "intact");
    } finally {
      remount(place, "rw");
    }
    await appendOne(directory);
  });
});

suite("a directory that is another's", () => {
  test("is refused with DISK_PERMISSION", async (t) => {
    const directory = await filled();
    // Who may do everything becomes for a moment somebody who may not.
    const isRoot = process.geteuid!() === 0;
    if (!isRoot) return t.skip("only root can become another user");
    const before = copyJournal(directory, root);
    process.seteuid!(65_534);
    try {
      await expectCoded(open(directory), "DISK_PERMISSION");
      await expectCoded(createJournal(join(root, "new"), { environment }), "DISK_PERMISSION");
    } finally {
      process.seteuid!(0);
    }
    assert.deepEqual(ledgerFiles(directory).map(read), ledgerFiles(before).map(read));
  });
});

suite("too few file descriptors", () => {
  test("are told at every step, and what was acknowledged stays", async () => {
    const directory = await newJournal(root, { segmentBytes: 4096 });
    const wrapper = ["sh", "-c", 'ulimit -n 60 && exec "$0" "$@"'];
    const { lines, errors } = await new Child("few-files-process.ts", [directory], {
      wrapper,
    }).ended();
    assert.equal(errors, "");
    assert.equal(lines.at(-1), "closed");
    assert.match(lines.at(-2)!, /^append DISK_TOO_MANY_FILES /);
    const refusals = lines.filter((line) => line.startsWith("open "));
    assert.ok(refusals.length > 2);
    // Node has no code for a module that it cannot open, so loading the disk's thread may be
    // DISK_IO.
    const expected = /^open (?:DISK_TOO_MANY_FILES |DISK_IO .*too many open files)/;
    for (const line of refusals) assert.match(line, expected);
    await using journal = await open(directory);
    const receipts = lines.filter((line) => line.startsWith("receipt "));
    assert.ok(receipts.length > 2);
    for (const line of receipts) {
      const [, seq, hash] = line.split(" ");
      assert.equal((await journal.get(Number(seq))).hash, hash);
    }
    assert.equal((await journal.verify()).verdict, "intact");
  });
});

async function expectRefused(directory: string, code: ErrorCode): Promise<void> {
  await expectCoded(open(directory), code);
  await expectCoded(openReader(directory), code);
}

async function expectCoded(pending: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(pending, (error: Error & { code?: string; fix?: string }) => {
    assert.equal(error.name, "SteleError", String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.fix);
    return true;
  });
}

async function filled(): Promise<string> {
  const directory = await newJournal(root, { segmentBytes: 1024 });
  await using journal = await open(directory);
  for (let index = 0; index < 8; index++) await journal.append({ type: "note" });
  return directory;
}

async function appendOne(directory: string): Promise<void> {
  await using journal = await open(directory);
  await journal.append({ type: "note" });
}

function edit(path: string, from: string, to: string): void {
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}

function remount(directory: string, how: "ro" | "rw"): void {
  const { status, stderr } = spawnSync("mount", ["-o", `remount,${how}`, directory]);
  assert.equal(status, 0, String(stderr));
}
