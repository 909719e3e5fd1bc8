import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SimulatedDisk, testDisk } from "@stele/store/testing";

testDisk("SimulatedDisk", async () => {
  const disk = new SimulatedDisk();
  await disk.makeDirectory("/some/place");
  return { disk, directory: "/some/place" };
});

suite("a power cut on a simulated disk", () => {
  test("leaves what was synced", async () => {
    const { disk, file } = await diskWithFile("durable");
    await file.write(bytesOf("lost?"), 7);
    for (const content of await outcomes(disk, "/file")) assert.match(content, /^durable/);
  });

  test("leaves an unsynced write whole, not at all, or torn at any byte", async () => {
    const { disk, file } = await diskWithFile("");
    await file.write(bytesOf("abcdef"), 0);
    const seen = await outcomes(disk, "/file", 500);
    const lost = [/^$/, /^\0+$/];
    const torn = [/^[a-e]+$/, /^[a-e]+\0+$/, /^\0+[b-f]+$/, /^a.*\0.*f$/];
    for (const expected of [/^abcdef$/, ...lost, ...torn])
      assert.ok(hasLike(seen, expected), `${expected}`);
    for (const content of seen) assert.match(content, /^([a\0][b\0]?[c\0]?[d\0]?[e\0]?[f\0]?)?$/);
  });

  test("leaves old bytes where an overwrite was torn", async () => {
    const { disk, file } = await diskWithFile("ABCDEF");
    await file.write(bytesOf("abcdef"), 0);
    const seen = await outcomes(disk, "/file", 500);
    const torn = [/^[a-f]+[A-F]+$/, /^[A-F]+[a-f]+$/, /^[A-F]+[a-f]+[A-F]+$/];
    for (const expected of [/^ABCDEF$/, /^abcdef$/, ...torn])
      assert.ok(hasLike(seen, expected), `${expected}`);
    for (const content of seen) assert.match(content, /^[Aa][Bb][Cc][Dd][Ee][Ff]$/);
  });

  test("may keep a later write and lose an earlier one, in one file and across files", async () => {
    const { disk, file } = await diskWithFile("");
    const other = await disk.openWrite("/other");
    await disk.syncDirectory("/");
    await file.write(bytesOf("11"), 0);
    await file.write(bytesOf("22"), 2);
    await other.write(bytesOf("33"), 0);
    assert.ok((await outcomes(disk, "/file")).has("\0\x0022"));
    const both = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const after = disk.crash(seed);
      both.add(`${await contentOf(after, "/file")} ${await contentOf(after, "/other")}`);
    }
    for (const content of [" 33", "1122 ", "1122 33", " "]) assert.ok(both.has(content), content);
  });

  test("may undo an unsynced truncate", async () => {
    const { disk, file } = await diskWithFile("abcdef");
    await file.truncate(2);
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["abcdef", "ab"]));
    await file.sync();
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["ab"]));
  });

  test("may lose a synced file whose name was not synced", async () => {
    const disk = new SimulatedDisk();
    await disk.makeDirectory("/a/b");
    const file = await disk.openWrite("/a/b/file");
    await file.write(bytesOf("x"), 0);
    await file.sync();
    for (const directory of ["/a/b", "/a", "/"]) {
      assert.deepEqual(await outcomes(disk, "/a/b/file"), new Set(["x", GONE]));
      await disk.syncDirectory(directory);
    }
    assert.deepEqual(await outcomes(disk, "/a/b/file"), new Set(["x"]));
  });

  test("leaves an unsynced rename done or not done", async () => {
    const { disk } = await diskWithFile("old");
    const next = await disk.openWrite("/next");
    await next.write(bytesOf("new"), 0);
    await next.sync();
    await disk.syncDirectory("/");
    await disk.rename("/next", "/file");
    const seen = new Set<string>();
    for (let seed = 0; seed < 100; seed++) {
      const after = disk.crash(seed);
      seen.add(`${(await after.list("/")).join()}: ${await contentOf(after, "/file")}`);
    }
    assert.deepEqual(seen, new Set(["file,next: old", "file: new"]));
    await disk.syncDirectory("/");
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["new"]));
  });

  test("may keep a rename and lose the bytes of the file", async () => {
    const { disk, file } = await diskWithFile("");
    await file.write(bytesOf("bytes"), 0);
    await disk.rename("/file", "/renamed");
    await disk.syncDirectory("/");
    assert.ok((await outcomes(disk, "/renamed")).has(""));
  });

  test("may undo an unsynced remove", async () => {
    const { disk } = await diskWithFile("text");
    await disk.remove("/file");
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["text", GONE]));
    await disk.syncDirectory("/");
    assert.deepEqual(await outcomes(disk, "/file"), new Set([GONE]));
  });

  test("comes out the same for the same seed, and does not touch the disk itself", async () => {
    const { disk, file } = await diskWithFile("");
    for (let round = 0; round < 20; round++) await file.write(bytesOf("0123456789"), round * 10);
    for (let seed = 0; seed < 50; seed++) {
      const contents = [disk.crash(seed), disk.crash(seed)].map((after) =>
        contentOf(after, "/file"),
      );
      assert.equal(await contents[0], await contents[1]);
    }
    assert.equal(await contentOf(disk, "/file"), "0123456789".repeat(20));
  });
});

suite("the death of a process on a simulated disk", () => {
  test("leaves everything visible, still unsynced, and no lock", async () => {
    const { disk, file } = await diskWithFile("");
    await disk.lock("/lock");
    await file.write(bytesOf("text"), 0);
    const after = disk.kill();
    await file.write(bytesOf("more"), 4);
    assert.equal(await contentOf(after, "/file"), "text");
    await after.lock("/lock");
    assert.ok((await outcomes(after, "/file")).has(""));
    await (await after.openWrite("/file")).sync();
    assert.deepEqual(await outcomes(after, "/file"), new Set(["text"]));
  });
});

suite("a sync that drops what it could not write", () => {
  test("goes on showing the bytes, and its retry succeeds without them", async () => {
    const { disk, file } = await diskWithFile("kept");
    await file.write(bytesOf("dropped"), 4);
    disk.dropSyncAt(disk.trace.length);
    await assert.rejects(file.sync(), { code: "DISK_IO" });
    await file.sync();
    assert.equal(await contentOf(disk, "/file"), "keptdropped");
    assert.equal(await contentOf(disk.kill(), "/file"), "keptdropped");
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["kept"]));
    assert.deepEqual(await outcomes(disk.kill(), "/file"), new Set(["kept"]));
  });

  test("is healed by writing the bytes again", async () => {
    const { disk, file } = await diskWithFile("kept");
    await file.write(bytesOf("dropped"), 4);
    disk.dropSyncAt(disk.trace.length);
    await assert.rejects(file.sync());
    await file.write(bytesOf("pped"), 7);
    await file.sync();
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["kept\0\0\0pped"]));
    await file.write(bytesOf("dro"), 4);
    await file.sync();
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["keptdropped"]));
  });
});

suite("a call that is made to fail", () => {
  const calls: Readonly<Record<string, (disk: SimulatedDisk) => Promise<unknown>>> = {
    makeDirectory: (disk) => disk.makeDirectory("/made"),
    openWrite: (disk) => disk.openWrite("/made"),
    rename: (disk) => disk.rename("/file", "/made"),
    remove: (disk) => disk.remove("/file"),
    lock: (disk) => disk.lock("/made"),
  };
  for (const [operation, call] of Object.entries(calls)) {
    test(`${operation} fails before its effect, or after`, async () => {
      for (const when of ["before", "after"] as const) {
        const { disk } = await diskWithFile("");
        disk.failAt(disk.trace.length, { when, error: "DISK_FULL" });
        await assert.rejects(call(disk), { code: "DISK_FULL", message: new RegExp(operation) });
        assert.equal((await disk.list("/")).join() === "file", when === "before");
      }
    });
  }

  test("run does the steps before it, and none after", async () => {
    for (const when of ["before", "after"] as const) {
      const { disk, file } = await diskWithFile("");
      disk.failAt(disk.trace.length + 1, { when, error: "DISK_FULL" });
      const write = (text: string, offsetBytes: number) =>
        ({ kind: "write", file, bytes: bytesOf(text), offsetBytes }) as const;
      await assert.rejects(disk.run([write("a", 0), write("b", 1), write("c", 2)]), {
        code: "DISK_FULL",
        path: "/file",
      });
      assert.equal(await contentOf(disk, "/file"), when === "before" ? "a" : "ab");
    }
  });

  test("a sync that fails before its effect leaves all unsynced, after it nothing", async () => {
    for (const when of ["before", "after"] as const) {
      const { disk, file } = await diskWithFile("");
      await file.write(bytesOf("x"), 0);
      disk.failAt(disk.trace.length, { when, error: "DISK_IO" });
      await assert.rejects(file.sync(), { code: "DISK_IO" });
      const seen = await outcomes(disk, "/file");
      assert.equal(seen.has(""), when === "before");
      await file.sync();
      assert.deepEqual(await outcomes(disk, "/file"), new Set(["x"]));
    }
  });

  test("a short write takes the first bytes and says so", async () => {
    const { disk, file } = await diskWithFile("");
    disk.shortWriteAt(disk.trace.length, 3);
    await assert.rejects(file.write(bytesOf("abcdef"), 0), { code: "DISK_SHORT_WRITE" });
    assert.equal(await contentOf(disk, "/file"), "abc");
  });
});

suite("a crash during a call", () => {
  test("rejects it and all later calls, which have no effect", async () => {
    const { disk, file } = await diskWithFile("");
    disk.crashAt(disk.trace.length);
    const callCount = disk.trace.length;
    const crashing = file.write(bytesOf("a"), 0);
    const later = file.write(bytesOf("b"), 1);
    await assert.rejects(crashing, { code: "DISK_IO" });
    await assert.rejects(later, { code: "DISK_IO" });
    await assert.rejects(disk.list("/"), { code: "DISK_IO" });
    assert.equal(disk.trace.length, callCount + 1);
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["", "\0", "a"]));
    assert.equal(await contentOf(disk.kill(), "/file"), "a");
  });

  test("leaves open whether a sync came to its end", async () => {
    const { disk, file } = await diskWithFile("");
    await file.write(bytesOf("x"), 0);
    disk.crashAt(disk.trace.length);
    await assert.rejects(file.sync());
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["", "\0", "x"]));
  });

  test("leaves open whether a sync of names came to its end", async () => {
    const disk = new SimulatedDisk();
    await disk.openWrite("/file");
    disk.crashAt(disk.trace.length);
    await assert.rejects(disk.syncDirectory("/"));
    assert.deepEqual(await outcomes(disk, "/file"), new Set(["", GONE]));
  });
});

test("the trace says which calls were made, with which outcome", async () => {
  const { disk, file } = await diskWithFile("abc");
  await file.read(new Uint8Array(2), 1);
  await disk.rename("/file", "/renamed");
  await assert.rejects(disk.remove("/file"));
  assert.equal(
    disk.describe(),
    [
      "0 openWrite /file",
      "1 write /file 3 bytes at 0",
      "2 sync /file",
      "3 syncDirectory /",
      "4 read /file 2 bytes at 1",
      "5 rename /file to /renamed",
      "6 remove /file DISK_NOT_FOUND",
    ].join("\n"),
  );
});

test("shared bytes that change too early show in the file", async () => {
  const { disk, file } = await diskWithFile("");
  const shared = new Uint8Array(new SharedArrayBuffer(1));
  const written = file.write(shared, 0);
  shared.fill(0x78);
  await written;
  assert.equal(await contentOf(disk, "/file"), "x");
});

const GONE = "(gone)";

/** A disk whose only file and its name are durable. */
async function diskWithFile(text: string) {
  const disk = new SimulatedDisk();
  const file = await disk.openWrite("/file");
  await file.write(bytesOf(text), 0);
  await file.sync();
  await disk.syncDirectory("/");
  return { disk, file };
}

async function outcomes(disk: SimulatedDisk, path: string, seeds = 100): Promise<Set<string>> {
  const contents = new Set<string>();
  for (let seed = 0; seed < seeds; seed++) contents.add(await contentOf(disk.crash(seed), path));
  return contents;
}

async function contentOf(disk: SimulatedDisk, path: string): Promise<string> {
  try {
    const file = await disk.openRead(path);
    const bytes = new Uint8Array(await file.size());
    await file.read(bytes, 0);
    return Buffer.from(bytes).toString();
  } catch {
    return GONE;
  }
}

function hasLike(contents: Set<string>, expected: RegExp): boolean {
  return [...contents].some((content) => expected.test(content));
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}
