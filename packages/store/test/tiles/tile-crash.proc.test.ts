import assert from "node:assert/strict";
import { test } from "node:test";
import { SteleError } from "@stele/core/error";
import { TILE_WIDTH } from "@stele/core/tile";
import type { SimulatedDisk } from "@stele/store/testing";
import { newDisk, open } from "../support/journal.ts";
import {
  appendMany,
  assertAllTiles,
  fullTilesOf,
  grow,
  leavesOf,
  removeTile,
  tilesOn,
} from "./support.ts";

test("tiles have levels", async () => {
  const disk = await newDisk(4 * 1024 * 1024);
  await grow(disk, 300, TILE_WIDTH * TILE_WIDTH);
  // One session does not write all of what it finds missing at its end.
  for (let session = 0; session < 5; session++) await grow(disk, 0);
  await assertAllTiles(disk);
  assert.ok((await tilesOn(disk)).has("tile/1/000"));
  await removeTile(disk, "tile/1/000");
  await removeTile(disk, "tile/0/117");
  await grow(disk, 0);
  await assertAllTiles(disk);
});

test("a crash while tiles are written leaves only right tiles of sealed entries, and the next session makes the rest", async () => {
  const before = await newDisk(8 * 1024);
  await grow(before, 250);
  const live = async (disk: SimulatedDisk): Promise<void> => {
    const journal = await open(disk);
    for (const count of [5, 1, 300, 30]) await appendMany(journal.writer, count);
    await journal.close();
  };
  const rehearsal = before.kill();
  await live(rehearsal);
  const tiled = rehearsal.trace.filter(({ path }) => path.includes("/tile/"));
  assert.ok(tiled.length > 10, "tiles are written meanwhile");
  let found = 0;
  for (let call = 0; call < rehearsal.trace.length; call++) {
    const disk = before.kill();
    disk.crashAt(call);
    await live(disk).catch((error: unknown) => assert.ok(error instanceof SteleError));
    for (const left of [disk.kill(), disk.crash(call), disk.crash(1000 + call)]) {
      const tiles = await tilesOn(left);
      await grow(left, 0);
      const right = fullTilesOf(await leavesOf(left));
      for (const [path, hex] of tiles) {
        if (!path.endsWith(".tmp")) assert.ok(hex === right.get(path), `${path} at ${call}`);
      }
      found += tiles.size;
      await assertAllTiles(left);
    }
  }
  assert.ok(found > 20, "crashes left tiles");
});
