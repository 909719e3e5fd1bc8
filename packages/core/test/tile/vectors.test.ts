import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { Frontier } from "@stele/core/frontier";
import { leafHash, type Hash } from "@stele/core/hash";
import {
  decodeBundle,
  decodeTile,
  edgeNodes,
  encodeBundle,
  encodeTile,
  formatBundlePath,
  formatTilePath,
  frontierOfEdge,
  parseBundlePath,
  parseTilePath,
  TILE_WIDTH,
  tileLevels,
  tileRow,
  tileWidth,
} from "@stele/core/tile";
import { primitives } from "../vectors/primitives.ts";
import { readVectors } from "../vectors/read.ts";
import { tilesOf } from "./grow.ts";

interface Place {
  readonly index: number;
  readonly partial: number;
  readonly path: string;
}

const paths = readVectors("c2sp/tile-paths.json") as {
  format: readonly (Place & { level: number })[];
  entries: readonly Place[];
  parseOk: readonly [level: string, rest: string, index: number, partial: number][];
  parseBad: readonly [level: string, rest: string][];
  entriesPathForLogIndex: readonly [entry: number, size: number, path: string][];
  treeShape: readonly {
    size: number;
    tiles: readonly { level: number; full: number; partialWidth: number }[];
  }[];
};

function widthOf(partial: number): number {
  return partial === 0 ? TILE_WIDTH : partial;
}

test("tile-paths.json: paths of tiles and bundles, there and back", () => {
  for (const { level, index, partial, path } of paths.format) {
    const tile = { level, index, width: widthOf(partial) };
    assert.equal(formatTilePath(tile), path);
    assert.deepEqual(parseTilePath(path), tile);
    assert.equal(parseBundlePath(path), undefined);
  }
  for (const { index, partial, path } of paths.entries) {
    const bundle = { index, width: widthOf(partial) };
    assert.equal(formatBundlePath(bundle), path);
    assert.deepEqual(parseBundlePath(path), bundle);
    assert.equal(parseTilePath(path), undefined);
  }
});

test("tile-paths.json: what is a path, and what is none", () => {
  for (const [level, rest, index, partial] of paths.parseOk) {
    const tile = { level: Number(level), index, width: widthOf(partial) };
    // No tree of ours is that large, and no number exact.
    const expected = Number.isSafeInteger(index) ? tile : undefined;
    assert.deepEqual(parseTilePath(`tile/${level}/${rest}`), expected, rest);
  }
  for (const [level, rest] of paths.parseBad) {
    assert.equal(parseTilePath(`tile/${level}/${rest}`), undefined, `${level}/${rest}`);
  }
});

test("tile-paths.json: the bundle of an entry", () => {
  for (const [entry, size, path] of paths.entriesPathForLogIndex) {
    const index = Math.floor(entry / TILE_WIDTH);
    assert.equal(formatBundlePath({ index, width: tileWidth({ level: 0, index }, size) }), path);
  }
});

test("tile-paths.json: the tiles of a tree", () => {
  for (const { size, tiles } of paths.treeShape) {
    const levels = Array.from({ length: tileLevels(size) }, (_, level) => level);
    assert.deepEqual(
      levels.map((level) => ({ level, ...tileRow(level, size) })),
      tiles,
      `size ${size}`,
    );
  }
});

test("tessera-log-15.json: all tiles and bundles of the fifteen states", () => {
  const log = readVectors("c2sp/tessera-log-15.json") as {
    entries: readonly string[];
    leafHashesHex: readonly Hash[];
    checkpoints: Record<string, string>;
    files: Record<string, string>;
  };
  for (let size = 1; size <= 15; size++) {
    const entries = log.entries.slice(0, size).map((entry) => Buffer.from(entry));
    const hashes = entries.map((entry) => leafHash(primitives, entry));
    assert.deepEqual(hashes, log.leafHashesHex.slice(0, size));
    const tile = log.files[formatTilePath({ level: 0, index: 0, width: size })]!;
    const bundle = log.files[formatBundlePath({ index: 0, width: size })]!;
    assert.equal(toHex(encodeTile(hashes)), tile);
    assert.deepEqual(decodeTile(Buffer.from(tile, "hex"), size), hashes);
    assert.equal(toHex(encodeBundle(entries)), bundle);
    const decoded = decodeBundle(Buffer.from(bundle, "hex"), size)!;
    assert.deepEqual(decoded.map(toHex), entries.map(toHex));
    const { root } = parseCheckpoint(log.checkpoints[size]!.split("\n\n")[0]! + "\n");
    assert.deepEqual(edgeNodes(size), [hashes.map((_, index) => ({ level: 0, index }))]);
    const nodes = frontierOfEdge(primitives, [hashes]);
    assert.equal(new Frontier(primitives, size, nodes).root(), root);
  }
});

test("tiles-300-records.json: the tiles of two levels, and the bundles", () => {
  const { filesHex } = readVectors("c2sp/tiles-300-records.json") as {
    filesHex: Record<string, string>;
  };
  const records = Array.from({ length: 300 }, (_, index) => Buffer.from(`record ${index}`));
  const files: Record<string, string> = {};
  for (const { level, index, hashes } of tilesOf(records.map((r) => leafHash(primitives, r)))) {
    files[formatTilePath({ level, index, width: hashes.length })] = toHex(encodeTile(hashes));
  }
  for (const index of [0, 1]) {
    const entries = records.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH);
    files[formatBundlePath({ index, width: entries.length })] = toHex(encodeBundle(entries));
  }
  assert.deepEqual(files, filesHex);
});
