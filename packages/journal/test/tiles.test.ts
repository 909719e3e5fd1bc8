import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock } from "@stele/store/testing";
import {
  DIRECTORY,
  memoryWorld,
  newMemoryJournal,
  openInMemory,
} from "./support/memory-journal.ts";

const TILES = 80;

test("tiles that a slow disk keeps waiting cost no memory, and are made when it is quiet", async () => {
  const disk = await newMemoryJournal();
  const clock = new SimulatedClock();
  const journal = await openInMemory(disk, { world: { ...memoryWorld(disk), clock } });
  const passage = Promise.withResolvers<void>();
  disk.beforeRun = async ([step]) => {
    if (step?.kind === "replace") await passage.promise;
  };
  const event = { type: "note" };
  const appends = Array.from({ length: 256 * TILES }, async () => journal.append(event));
  await Promise.all(appends);
  assert.equal(tiles(), 0, "appends do not wait for tiles");
  passage.resolve();
  while (tiles() < TILES) await clock.advance(1000);
  await journal.close();
  assert.equal(tiles(), TILES);

  function tiles(): number {
    const isTile = (path: string): boolean => path.startsWith(`${DIRECTORY}/tile/0/`);
    return [...disk.files.keys()].filter(isTile).length;
  }
});
