import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SteleError } from "@stele/core/error";
import { TILE_WIDTH } from "@stele/core/tile";
import type { SimulatedDisk } from "@stele/store/testing";
import { changesDuring, DIRECTORY, newDisk, open } from "../support/journal.ts";
import { appendMany, assertAllTiles, grow, leavesOf, put, removeTile, tilesOn } from "./support.ts";

const SEGMENT_BYTES = 16 * 1024;

suite("the tiles of a journal", () => {
  test("are written full, behind the commit that fills them", async () => {
    const disk = await newDisk(1024 * 1024);
    const journal = await open(disk);
    await appendMany(journal.writer, TILE_WIDTH - 1);
    assert.equal((await tilesOn(disk)).size, 0);
    const changes = await changesDuring(disk, async () => {
      await appendMany(journal.writer, 1);
      await journal.close();
    });
    assert.deepEqual(changes, [
      "write ledger/0",
      "sync ledger/0",
      "write head",
      "makeDirectory tile/0",
      "openWrite tile/0/000.tmp",
      "truncate tile/0/000.tmp",
      "write tile/0/000.tmp",
      "sync tile/0/000.tmp",
      "rename tile/0/000.tmp to tile/0/000",
      "sync head",
      "release lock",
    ]);
    await assertAllTiles(disk);
  });

  test("go on where an earlier session left a tile half full", async () => {
    const disk = await newDisk(SEGMENT_BYTES);
    await grow(disk, 100, 100, 100, 600, 1);
    await assertAllTiles(disk);
    assert.equal((await tilesOn(disk)).size, 3);
  });

  test("are made again where they are missing, by their names", async () => {
    const disk = await newDisk(SEGMENT_BYTES);
    await grow(disk, 2000);
    await removeTile(disk, "tile/0/000");
    await removeTile(disk, "tile/0/004");
    await removeTile(disk, "tile/0/005");
    await put(disk, "tile/0/001.tmp", Buffer.from("a crash left this"));
    await removeTile(disk, "tile/0/001");
    await grow(disk, 0);
    await assertAllTiles(disk);
  });

  test("are not there for a journal of an older version, and then are", async () => {
    const disk = await newDisk(SEGMENT_BYTES);
    await grow(disk, 1000);
    for (const path of (await tilesOn(disk)).keys()) await removeTile(disk, path);
    await disk.removeDirectory(`${DIRECTORY}/tile/0`);
    await disk.removeDirectory(`${DIRECTORY}/tile`);
    await grow(disk, 0);
    await assertAllTiles(disk);
  });

  test("do not stop the writer when they cannot be written", async () => {
    const whole = await newDisk(1024 * 1024);
    await grow(whole, 200);
    const rehearsal = whole.kill();
    let journal = await open(rehearsal);
    const opened = rehearsal.trace.length;
    await appendMany(journal.writer, 100);
    await journal.close();
    const calls = rehearsal.trace.flatMap(({ path }, at) => (path.includes("/tile") ? [at] : []));
    const failing = calls.filter((at) => at >= opened);
    assert.ok(failing.length >= 6, "names, the directory, and the five calls of a tile");
    for (const call of failing) {
      const disk = whole.kill();
      disk.failAt(call, { when: "before", error: "DISK_FULL" });
      journal = await open(disk);
      await appendMany(journal.writer, 100);
      await journal.close();
      assert.equal(journal.tiles.failure?.code, "DISK_FULL", `call ${call}`);
      assert.equal((await leavesOf(disk)).length, 300);
      await grow(disk, 0);
      await assertAllTiles(disk);
    }
  });
});

suite("a ledger that has fewer entries than its tiles name", () => {
  async function truncated(): Promise<SimulatedDisk> {
    const disk = await newDisk(SEGMENT_BYTES);
    await grow(disk, ...Array.from({ length: 10 }, () => 70));
    const names = (await disk.list(`${DIRECTORY}/ledger`)).toSorted();
    for (const name of names.slice(-3)) await disk.remove(`${DIRECTORY}/ledger/${name}`);
    await disk.remove(`${DIRECTORY}/head`);
    return disk;
  }

  test("is not opened, and not changed", async () => {
    const disk = await truncated();
    const changes = await changesDuring(disk, async () =>
      assert.rejects(
        open(disk),
        (error) =>
          error instanceof SteleError &&
          error.code === "JOURNAL_DAMAGED" &&
          /its tiles are of 512 entries, [0-9]+ are left/.test(error.message),
      ),
    );
    const lock = ["lock lock", "openWrite ledger/", "release lock"];
    assert.ok(
      changes.every((change) => lock.some((harmless) => change.startsWith(harmless))),
      changes.join("\n"),
    );
  });

  test("is opened when the tiles are gone too, which nothing inside can show", async () => {
    const disk = await truncated();
    for (const path of (await tilesOn(disk)).keys()) await removeTile(disk, path);
    await grow(disk, 0);
    await assertAllTiles(disk);
  });

  test("is told by a tile of any level", async () => {
    const disk = await newDisk(SEGMENT_BYTES);
    await grow(disk, 10);
    for (const path of ["tile/0/000", "tile/0/017", "tile/1/000", "tile/6/000"]) {
      await disk.makeDirectory(`${DIRECTORY}/${path.slice(0, 6)}`);
      await put(disk, path, Buffer.alloc(1));
      await assert.rejects(open(disk), { code: "JOURNAL_DAMAGED" }, path);
      await removeTile(disk, path);
    }
    for (const path of ["tile/0/0000", "tile/00/000", "tile/0/001.tmp", "tile/64/000", "tile/x"]) {
      await disk.makeDirectory(`${DIRECTORY}/${path.split("/").slice(0, -1).join("/")}`);
      await put(disk, path, Buffer.alloc(1));
    }
    await grow(disk, 1);
  });
});
