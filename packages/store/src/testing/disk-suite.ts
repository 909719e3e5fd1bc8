import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { SteleError } from "@stele/core/error";
import type { ErrorCode } from "@stele/core/error";
import type { Disk, ReadableFile } from "../disk.ts";
import { ByteImage } from "./byte-image.ts";
import { SeededRandom } from "./seeded-random.ts";

/** A fresh disk and an empty directory on it. */
export interface DiskUnderTest {
  readonly disk: Disk;
  readonly directory: string;
}

/**
 * Registers the tests of what every `Disk` promises. Each runs on a disk of its own, which is
 * closed after it.
 */
export function testDisk(name: string, makeDisk: () => Promise<DiskUnderTest>): void {
  suite(`${name} keeps the contract of Disk`, () => {
    let world: DiskUnderTest;
    beforeEach(async () => {
      world = await makeDisk();
    });
    afterEach(() => world.disk.close());

    for (const [title, run] of Object.entries(TESTS)) test(title, () => run(world));
  });
}

const TESTS: Readonly<Record<string, (world: DiskUnderTest) => Promise<void>>> = {
  async "list names files and directories"({ disk, directory }) {
    await disk.makeDirectory(`${directory}/sub/deeper`);
    await makeFile(disk, `${directory}/file`, "");
    await makeFile(disk, `${directory}/sub/hidden`, "");
    assert.deepEqual((await disk.list(directory)).toSorted(), ["file", "sub"]);
    assert.deepEqual((await disk.list(`${directory}/sub`)).toSorted(), ["deeper", "hidden"]);
  },

  async "makeDirectory accepts a directory that is there"({ disk, directory }) {
    await disk.makeDirectory(`${directory}/sub`);
    await makeFile(disk, `${directory}/sub/file`, "");
    await disk.makeDirectory(`${directory}/sub`);
    assert.deepEqual(await disk.list(`${directory}/sub`), ["file"]);
  },

  async "what is missing is DISK_NOT_FOUND"({ disk, directory }) {
    const missing = `${directory}/missing`;
    const inMissing = `${missing}/file`;
    await makeFile(disk, `${directory}/file`, "");
    await rejects(disk.list(missing), "DISK_NOT_FOUND", missing);
    await rejects(disk.openRead(missing), "DISK_NOT_FOUND", missing);
    await rejects(disk.openWrite(inMissing), "DISK_NOT_FOUND", inMissing);
    await rejects(disk.rename(missing, `${directory}/other`), "DISK_NOT_FOUND", missing);
    await rejects(disk.rename(`${directory}/file`, inMissing), "DISK_NOT_FOUND");
    await rejects(disk.remove(missing), "DISK_NOT_FOUND", missing);
    await rejects(disk.syncDirectory(missing), "DISK_NOT_FOUND", missing);
    await rejects(disk.lock(inMissing), "DISK_NOT_FOUND", inMissing);
    assert.deepEqual(await disk.list(directory), ["file"]);
  },

  async "openWrite makes a file, and keeps what one holds"({ disk, directory }) {
    const path = `${directory}/file`;
    await makeFile(disk, path, "kept");
    const file = await disk.openWrite(path);
    assert.equal(await file.size(), 4);
    assert.equal(await textOf(file), "kept");
    await file.close();
  },

  async "a write shows at once through every open file"({ disk, directory }) {
    const writer = await disk.openWrite(`${directory}/file`);
    const reader = await disk.openRead(`${directory}/file`);
    await writer.write(bytesOf("first"), 0);
    assert.equal(await textOf(reader), "first");
    await writer.write(bytesOf("second"), 3);
    assert.equal(await textOf(reader), "firsecond");
    assert.equal(await textOf(writer), "firsecond");
    await Promise.all([writer.close(), reader.close()]);
  },

  async "a gap before a write reads as zeros, and an empty write makes none"({ disk, directory }) {
    const file = await disk.openWrite(`${directory}/file`);
    await file.write(bytesOf(""), 100);
    assert.equal(await file.size(), 0);
    await file.write(bytesOf("end"), 3);
    assert.equal(await textOf(file), "\0\0\0end");
    await file.close();
  },

  async "read fills the buffer, less only at the end"({ disk, directory }) {
    await makeFile(disk, `${directory}/file`, "0123456789");
    for (const file of [
      await disk.openRead(`${directory}/file`),
      await disk.openWrite(`${directory}/file`),
    ]) {
      const into = bytesOf("........");
      assert.equal(await file.read(into.subarray(2, 6), 4), 4);
      assert.equal(asText(into), "..4567..");
      assert.equal(await file.read(into, 7), 3);
      assert.equal(asText(into), "789567..");
      assert.equal(await file.read(into, 10), 0);
      assert.equal(await file.read(into, 1000), 0);
      assert.equal(await file.read(new Uint8Array(), 0), 0);
      await file.close();
    }
  },

  async "truncate cuts, or adds zeros"({ disk, directory }) {
    const file = await disk.openWrite(`${directory}/file`);
    await file.write(bytesOf("0123456789"), 0);
    await file.truncate(4);
    await file.truncate(6);
    assert.equal(await textOf(file), "0123\0\0");
    await file.close();
  },

  async "bytes may change as soon as a write was called"({ disk, directory }) {
    const file = await disk.openWrite(`${directory}/file`);
    const bytes = bytesOf("..good..");
    const written = file.write(bytes.subarray(2, 6), 0);
    const run = disk.run([{ kind: "write", file, bytes, offsetBytes: 4 }]);
    bytes.fill(0);
    await Promise.all([written, run]);
    assert.equal(await textOf(file), "good..good..");
    await file.close();
  },

  async "shared bytes are written as they are"({ disk, directory }) {
    const file = await disk.openWrite(`${directory}/file`);
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    shared.set(bytesOf("..good.."));
    await file.write(shared.subarray(2, 6), 0);
    assert.equal(await textOf(file), "good");
    await file.close();
  },

  async "calls that do not wait for each other happen in order"({ disk, directory }) {
    const file = await disk.openWrite(`${directory}/file`);
    const writes = Array.from({ length: 20 }, (_, index) => file.write(bytesOf("x"), index));
    const sizes = [file.size(), file.truncate(3), file.size(), file.write(bytesOf("y"), 0)];
    await Promise.all(writes);
    assert.deepEqual(await Promise.all(sizes), [20, undefined, 3, undefined]);
    assert.equal(await textOf(file), "yxx");
    await file.close();
  },

  async "run does its steps in order, in several files"({ disk, directory }) {
    const [a, b] = [await disk.openWrite(`${directory}/a`), await disk.openWrite(`${directory}/b`)];
    await disk.run([
      { kind: "write", file: a, bytes: bytesOf("old"), offsetBytes: 0 },
      { kind: "write", file: a, bytes: bytesOf("new"), offsetBytes: 0 },
      { kind: "sync", file: a },
      { kind: "write", file: b, bytes: bytesOf("head"), offsetBytes: 0 },
    ]);
    assert.deepEqual([await textOf(a), await textOf(b)], ["new", "head"]);
    await disk.run([]);
    await Promise.all([a.close(), b.close()]);
  },

  async "run stops at the first step that fails"({ disk, directory }) {
    const file = await disk.openWrite(`${directory}/file`);
    const impossible = 2 ** 52;
    const running = disk.run([
      { kind: "write", file, bytes: bytesOf("first"), offsetBytes: 0 },
      { kind: "write", file, bytes: bytesOf("x"), offsetBytes: impossible },
      { kind: "write", file, bytes: bytesOf("third"), offsetBytes: 0 },
    ]);
    await rejects(running, "DISK_IO", `${directory}/file`);
    assert.equal(await textOf(file), "first");
    await rejects(file.truncate(impossible), "DISK_IO", `${directory}/file`);
    await file.close();
  },

  async "a replaced file has exactly the new bytes, and nothing is left beside it"(world) {
    const { disk, directory } = world;
    const path = `${directory}/file`;
    await makeFile(disk, path, "old and longer");
    await makeFile(disk, `${path}.tmp`, "left by a crash, and longer still");
    const old = await disk.openRead(path);
    const bytes = bytesOf("..new..");
    const running = disk.run([{ kind: "replace", path, bytes: bytes.subarray(2, 5) }]);
    bytes.fill(0);
    await running;
    const file = await disk.openRead(path);
    assert.deepEqual([await textOf(file), await textOf(old)], ["new", "old and longer"]);
    assert.deepEqual(await disk.list(directory), ["file"]);
    const inMissing = `${directory}/missing/file`;
    const impossible = disk.run([{ kind: "replace", path: inMissing, bytes }]);
    await rejects(impossible, "DISK_NOT_FOUND", `${inMissing}.tmp`);
    await Promise.all([file.close(), old.close()]);
  },

  async "removeDirectory removes an empty directory, and no other"({ disk, directory }) {
    const [sub, missing] = [`${directory}/sub`, `${directory}/missing`];
    await disk.makeDirectory(sub);
    await makeFile(disk, `${sub}/file`, "");
    await rejects(disk.removeDirectory(sub), "DISK_IO", sub);
    await disk.remove(`${sub}/file`);
    await disk.removeDirectory(sub);
    await rejects(disk.removeDirectory(missing), "DISK_NOT_FOUND", missing);
    assert.deepEqual(await disk.list(directory), []);
  },

  async "rename replaces, and open files follow"({ disk, directory }) {
    const [from, to] = [`${directory}/from`, `${directory}/to`];
    await makeFile(disk, from, "new");
    await makeFile(disk, to, "old");
    const old = await disk.openRead(to);
    const file = await disk.openWrite(from);
    await disk.rename(from, to);
    assert.deepEqual(await disk.list(directory), ["to"]);
    await file.write(bytesOf("!"), 3);
    const now = await disk.openRead(to);
    assert.deepEqual([await textOf(now), await textOf(old)], ["new!", "old"]);
    await Promise.all([old.close(), file.close(), now.close()]);
  },

  async "rename moves between directories"({ disk, directory }) {
    await disk.makeDirectory(`${directory}/sub`);
    await makeFile(disk, `${directory}/file`, "moved");
    await disk.rename(`${directory}/file`, `${directory}/sub/file`);
    assert.deepEqual(await disk.list(directory), ["sub"]);
    assert.deepEqual(await disk.list(`${directory}/sub`), ["file"]);
  },

  async "a removed file stays readable where it is open"({ disk, directory }) {
    await makeFile(disk, `${directory}/file`, "still");
    const file = await disk.openRead(`${directory}/file`);
    await disk.remove(`${directory}/file`);
    assert.deepEqual(await disk.list(directory), []);
    assert.equal(await textOf(file), "still");
    await file.close();
  },

  async "syncs succeed"({ disk, directory }) {
    const file = await disk.openWrite(`${directory}/file`);
    await file.sync();
    await file.write(bytesOf("text"), 0);
    await file.sync();
    await disk.syncDirectory(directory);
    assert.equal(await textOf(file), "text");
    await file.close();
  },

  async "a closed file refuses everything but another close"({ disk, directory }) {
    const path = `${directory}/file`;
    const writer = await disk.openWrite(path);
    const reader = await disk.openRead(path);
    for (const file of [writer, reader]) {
      await file.close();
      await file.close();
      await rejects(file.size(), "DISK_IO", path);
      await rejects(file.read(new Uint8Array(1), 0), "DISK_IO", path);
    }
    await rejects(writer.write(bytesOf("x"), 0), "DISK_IO", path);
    await rejects(writer.sync(), "DISK_IO", path);
    await rejects(writer.truncate(0), "DISK_IO", path);
    await rejects(disk.run([{ kind: "sync", file: writer }]), "DISK_IO", path);
  },

  async "a lock excludes until it is released"({ disk, directory }) {
    const path = `${directory}/lock`;
    const lock = await disk.lock(path);
    const other = await disk.lock(`${directory}/other`);
    await rejects(disk.lock(path), "JOURNAL_LOCKED", path);
    await lock.release();
    const next = await disk.lock(path);
    await lock.release();
    await rejects(disk.lock(path), "JOURNAL_LOCKED", path);
    await next.release();
    await other.release();
    const file = await disk.openRead(path);
    assert.equal(await file.size(), 0);
    await file.close();
  },

  async "a closed disk only reads on"({ disk, directory }) {
    const path = `${directory}/file`;
    await makeFile(disk, path, "text");
    const reader = await disk.openRead(path);
    const writer = await disk.openWrite(path);
    const written = writer.write(bytesOf("TEXT"), 0);
    await Promise.all([disk.close(), disk.close()]);
    await written;
    assert.equal(await textOf(reader), "TEXT");
    assert.deepEqual(await disk.list(directory), ["file"]);
    await rejects(writer.write(bytesOf("x"), 0), "DISK_IO");
    await rejects(disk.openWrite(path), "DISK_IO");
    await rejects(disk.lock(`${directory}/lock`), "DISK_IO");
    await reader.close();
  },

  async "any mix of writes, truncates and syncs reads back"({ disk, directory }) {
    const random = new SeededRandom(1);
    const file = await disk.openWrite(`${directory}/file`);
    const expected = new ByteImage();
    for (let round = 0; round < 100; round++) {
      const offsetBytes = random.below(5000);
      const bytes = random.bytes(random.below(3000));
      const kind = random.below(6);
      if (kind === 0) {
        await file.sync();
      } else if (kind === 1) {
        await file.truncate(offsetBytes);
        expected.resize(offsetBytes);
      } else {
        await file.write(bytes, offsetBytes);
        expected.write(bytes, offsetBytes);
      }
      assert.equal(await file.size(), expected.sizeBytes);
    }
    assert.deepEqual(await contentOf(file), expected.view(0, expected.sizeBytes).slice());
    await file.close();
  },
};

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

async function makeFile(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.openWrite(path);
  await file.write(bytesOf(text), 0);
  await file.close();
}

async function contentOf(file: ReadableFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.size());
  assert.equal(await file.read(bytes, 0), bytes.byteLength);
  return bytes;
}

async function textOf(file: ReadableFile): Promise<string> {
  return asText(await contentOf(file));
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

async function rejects(result: Promise<unknown>, code: ErrorCode, path?: string): Promise<void> {
  await assert.rejects(result, (error) => {
    assert.ok(error instanceof SteleError, String(error));
    assert.equal(error.code, code, error.message);
    if (path === undefined) return true;
    assert.equal(error.path, path);
    assert.ok(error.message.includes(path), error.message);
    return true;
  });
}
