import assert from "node:assert/strict";
import { encodeEvent } from "@stele/core/event";
import { Frontier } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import { encodeTile, formatTilePath, TILE_HEIGHT, TILE_WIDTH, TileEdge } from "@stele/core/tile";
import type { Writer } from "@stele/store";
import { nodeEd25519, nodeHasher } from "@stele/store/node";
import type { SimulatedDisk } from "@stele/store/testing";
import { DIRECTORY, open, reader } from "../support/journal.ts";

/** Node's hashes and signatures. */
export const primitives = { ...nodeHasher, ...nodeEd25519 };

/** Appends so many events, whose seals come where the writer puts them. */
export async function appendMany(writer: Writer, count: number): Promise<void> {
  const event = encodeEvent({ type: "note" });
  await Promise.all(Array.from({ length: count }, async () => writer.append(event)));
}

/** The hashes of the journal's sealed entries. */
export async function leavesOf(disk: SimulatedDisk): Promise<Hash[]> {
  const entries = (await reader(disk)).read();
  return Array.fromAsync(entries, ({ entry }) => entry.hash);
}

/** The full tiles of a tree with these leaves: bytes in hex by path. */
export function fullTilesOf(leaves: readonly Hash[]): Map<string, string> {
  const edge = new TileEdge();
  const tree = new Frontier(primitives);
  const tiles = new Map<string, string>();
  const push = (level: number, hash: Hash): void => {
    if (level % TILE_HEIGHT !== 0) return;
    const tile = edge.push(level / TILE_HEIGHT, hash);
    if (!tile) return;
    const path = formatTilePath({ ...tile, width: TILE_WIDTH });
    tiles.set(path, Buffer.from(encodeTile(tile.hashes)).toString("hex"));
  };
  for (const leaf of leaves) {
    push(0, leaf);
    tree.append(leaf, push);
  }
  return tiles;
}

/** The files below the journal's `tile`, unfinished ones too: bytes in hex by path. */
export async function tilesOn(disk: SimulatedDisk, path = "tile"): Promise<Map<string, string>> {
  const tiles = new Map<string, string>();
  for (const name of await disk.list(`${DIRECTORY}/${path}`).catch(() => [])) {
    const inside = `${path}/${name}`;
    const bytes = await bytesOf(disk, inside);
    if (bytes) tiles.set(inside, bytes.toString("hex"));
    else for (const [file, hex] of await tilesOn(disk, inside)) tiles.set(file, hex);
  }
  return tiles;
}

/** A file's bytes; undefined for a directory. */
async function bytesOf(disk: SimulatedDisk, path: string): Promise<Buffer | undefined> {
  const file = await disk.openRead(`${DIRECTORY}/${path}`).catch(() => undefined);
  if (!file) return undefined;
  const bytes = Buffer.alloc(await file.size());
  await file.read(bytes, 0);
  await file.close();
  return bytes;
}

/** Asserts that the journal has all its full tiles, and nothing else among them. */
export async function assertAllTiles(disk: SimulatedDisk): Promise<void> {
  assert.deepEqual(byPath(await tilesOn(disk)), byPath(fullTilesOf(await leavesOf(disk))));
}

function byPath(tiles: Map<string, string>): [string, string][] {
  return [...tiles].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

/** Replaces a file of the journal. */
export async function put(disk: SimulatedDisk, path: string, bytes: Uint8Array): Promise<void> {
  await disk.run([{ kind: "replace", path: `${DIRECTORY}/${path}`, bytes }]);
}

/** Opens the journal once for each count, appends so many events and closes it. */
export async function grow(disk: SimulatedDisk, ...sessions: readonly number[]): Promise<void> {
  for (const count of sessions) {
    const journal = await open(disk);
    await appendMany(journal.writer, count);
    await journal.close();
    assert.equal(journal.tiles.failure, undefined);
  }
}

/** Removes a file of the journal. */
export async function removeTile(disk: SimulatedDisk, path: string): Promise<void> {
  await disk.remove(`${DIRECTORY}/${path}`);
}
