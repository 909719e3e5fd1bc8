import assert from "node:assert/strict";
import { toHex } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { Frontier } from "@stele/core/frontier";
import { leafHash, type Hash } from "@stele/core/hash";
import { parseVerifierKey } from "@stele/core/key";
import { parseNote, verifyNote } from "@stele/core/note";
import {
  decodeBundle,
  encodeTile,
  formatBundlePath,
  formatTilePath,
  TILE_HEIGHT,
  TILE_WIDTH,
  TileEdge,
  tileLevels,
  tileRow,
  type FilledTile,
  type Tile,
} from "@stele/core/tile";
import { primitives } from "./key.ts";

/** Gives a published file's bytes; undefined when it is not there. */
export type Fetch = (path: string) => Promise<Uint8Array | undefined>;

/**
 * Asserts that what is published is a valid log of its checkpoint, as a client sees it that knows
 * nothing but the key, and gives the log's size. A log without a checkpoint has size 0.
 */
export async function checkPublished(
  fetch: Fetch,
  vkey: string,
  options: { readonly entries?: boolean } = {},
): Promise<number> {
  const text = await fetch("checkpoint");
  if (!text) return 0;
  const note = parseNote(text);
  verifyNote(primitives, note, parseVerifierKey(primitives, vkey));
  const { size, root } = parseCheckpoint(note.text);
  const leaves =
    options.entries === false ? await leavesFromTiles(fetch, size) : await leavesOf(fetch, size);
  const tree = new Frontier(primitives);
  const found = new Map<string, string>();
  const edge = new TileEdge();
  const keep = ({ level, index, hashes }: FilledTile): void => {
    const path = formatTilePath({ level, index, width: hashes.length });
    found.set(path, toHex(encodeTile(hashes)));
  };
  const push = (level: number, hash: Hash): void => {
    const tile = level % TILE_HEIGHT === 0 && edge.push(level / TILE_HEIGHT, hash);
    if (tile) keep(tile);
  };
  for (const leaf of leaves) {
    push(0, leaf);
    tree.append(leaf, push);
  }
  edge.partialTiles().forEach(keep);
  assert.equal(tree.root(), root, "the entries lead to the root that is signed");
  for (const path of tilesOf(size).map(formatTilePath)) {
    const bytes = await fetch(path);
    assert.ok(bytes && toHex(bytes) === found.get(path), `${path} of ${size}`);
  }
  return size;
}

/** The tiles that a log of this size must serve. */
function tilesOf(size: number): Tile[] {
  return Array.from({ length: tileLevels(size) }, (_, level) => rowOf(level, size)).flat();
}

function rowOf(level: number, size: number): Tile[] {
  const { full, partialWidth } = tileRow(level, size);
  const tiles = Array.from({ length: full }, (_, index) => ({ level, index, width: TILE_WIDTH }));
  return partialWidth > 0 ? [...tiles, { level, index: full, width: partialWidth }] : tiles;
}

async function leavesOf(fetch: Fetch, size: number): Promise<Hash[]> {
  const leaves: Hash[] = [];
  for (const tile of rowOf(0, size)) {
    const path = formatBundlePath(tile);
    const entries = decodeBundle((await fetch(path)) ?? new Uint8Array(), tile.width);
    assert.ok(entries, `${path} of ${size}`);
    leaves.push(...entries.map((entry) => leafHash(primitives, entry)));
  }
  return leaves;
}

async function leavesFromTiles(fetch: Fetch, size: number): Promise<Hash[]> {
  const leaves: Hash[] = [];
  for (const tile of rowOf(0, size)) {
    const hex = toHex((await fetch(formatTilePath(tile)))!);
    for (let at = 0; at < hex.length; at += 64) leaves.push(hex.slice(at, at + 64) as Hash);
  }
  return leaves;
}
