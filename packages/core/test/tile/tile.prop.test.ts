import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toHex } from "@stele/core/bytes";
import { Frontier } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import { rootNodes } from "@stele/core/proof";
import {
  decodeBundle,
  decodeTile,
  edgeNodes,
  encodeBundle,
  encodeTile,
  foldPerfect,
  formatBundlePath,
  formatTilePath,
  frontierOfEdge,
  leavesUpTo,
  nodesOfTile,
  parseBundlePath,
  parseTilePath,
  slotsOfNode,
  TILE_WIDTH,
  TileEdge,
  tileLevels,
  tileRow,
  tileWidth,
} from "@stele/core/tile";
import { NaiveTree } from "../proof/naive-tree.ts";
import { primitives } from "../vectors/primitives.ts";
import { tilesOf } from "./grow.ts";

const index = fc.oneof(fc.nat({ max: 2000 }), fc.maxSafeNat());
const width = fc.integer({ min: 1, max: TILE_WIDTH });
const tile = fc.record(
  { level: fc.integer({ min: 0, max: 63 }), index, width },
  { noNullPrototype: true },
);

const nearPowerOfTwo = fc
  .tuple(fc.nat({ max: 53 }), fc.integer({ min: -3, max: 3 }))
  .map(([exponent, distance]) => 2 ** exponent + distance);
const size = fc
  .oneof(nearPowerOfTwo, fc.nat({ max: 200_000 }), fc.maxSafeNat())
  .filter((value) => value >= 0 && value <= Number.MAX_SAFE_INTEGER);

function* mangled(text: string): Generator<string> {
  for (let at = 0; at <= text.length; at++) {
    for (const inserted of ["0", "x", "/", ".", "9"]) {
      yield text.slice(0, at) + inserted + text.slice(at);
      if (at < text.length) yield text.slice(0, at) + inserted + text.slice(at + 1);
    }
    yield text.slice(0, at) + text.slice(at + 1);
    yield text.slice(0, at);
    yield text.slice(at + 1);
  }
}

test("a path names one tile or bundle, and a mangled one another or none", () => {
  fc.assert(
    fc.property(tile, (one) => {
      const path = formatTilePath(one);
      assert.deepEqual(parseTilePath(path), one);
      for (const other of mangled(path)) {
        const found = parseTilePath(other);
        if (found) assert.equal(formatTilePath(found), other);
        if (other !== path) assert.notDeepEqual(found, one, other);
      }
      const { level: _, ...bundle } = one;
      const bundlePath = formatBundlePath(bundle);
      assert.deepEqual(parseBundlePath(bundlePath), bundle);
      for (const other of mangled(bundlePath)) {
        const found = parseBundlePath(other);
        if (found) assert.equal(formatBundlePath(found), other);
      }
    }),
    { numRuns: 50 },
  );
});

test("no path is made of what is no tile", () => {
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) {
    assert.throws(() => formatTilePath({ level: 0, index: bad, width: 1 }), RangeError);
    assert.throws(() => formatTilePath({ level: bad, index: 0, width: 1 }), RangeError);
    assert.throws(() => formatBundlePath({ index: 0, width: bad }), RangeError);
  }
  assert.throws(() => formatTilePath({ level: 64, index: 0, width: 1 }), RangeError);
  for (const bad of [0, 257]) {
    assert.throws(() => formatBundlePath({ index: 0, width: bad }), RangeError);
  }
});

test("the tiles of a tree have all its perfect subtrees of whole levels, and no more", () => {
  fc.assert(
    fc.property(size, (leaves) => {
      for (let level = 0; level <= 7; level++) {
        const { full, partialWidth } = tileRow(level, leaves);
        const hashes = BigInt(leaves) / 256n ** BigInt(level);
        assert.equal(BigInt(full) * 256n + BigInt(partialWidth), hashes);
        assert.equal(tileWidth({ level, index: full }, leaves), partialWidth);
        assert.equal(tileWidth({ level, index: full + 1 }, leaves), 0);
        if (full > 0) assert.equal(tileWidth({ level, index: full - 1 }, leaves), TILE_WIDTH);
        if (full > 0) assert.ok(leavesUpTo({ level, index: full - 1 }) <= leaves);
        assert.ok(leavesUpTo({ level, index: full }) > leaves);
        assert.equal(tileLevels(leaves) > level, hashes > 0n);
      }
      for (const bad of [-1, 0.5, 2 ** 53]) assert.throws(() => tileRow(0, bad), RangeError);
    }),
  );
});

test("every perfect subtree is the fold of the slots it is said to have", () => {
  fc.assert(
    fc.property(size, fc.nat(), (leaves, pick) => {
      const nodes = rootNodes(leaves);
      const node = nodes[pick % nodes.length];
      if (!node) return;
      const tree = new NaiveTree([0, leaves - 1]);
      const { lo, hi, ...place } = slotsOfNode(node);
      assert.ok(lo >= 0 && hi <= tileWidth(place, leaves), "the tile has the slots");
      const slots = nodesOfTile({ ...place, width: hi }).slice(lo);
      const [expected] = tree.read([node]);
      assert.equal(foldPerfect(primitives, tree.read(slots)), expected);
    }),
    { numRuns: 200 },
  );
});

test("an edge goes on from any size, and has the tree's root", () => {
  fc.assert(
    fc.property(size, (leaves) => {
      const tree = new NaiveTree([0, leaves - 1]);
      const rows = edgeNodes(leaves).map((nodes) => tree.read(nodes));
      const nodes = frontierOfEdge(primitives, rows);
      assert.deepEqual(nodes, tree.read(rootNodes(leaves)));
      const partial = new TileEdge(leaves, rows).partialTiles();
      assert.deepEqual(
        partial.map(({ hashes }) => hashes),
        rows.filter(({ length }) => length > 0),
      );
      for (const { hashes, ...place } of partial) {
        assert.equal(hashes.length, tileWidth(place, leaves));
      }
    }),
    { numRuns: 100 },
  );
});

/** Enough for a full tile of level 1. */
const MANY = Array.from({ length: TILE_WIDTH * TILE_WIDTH + 300 }, (_, leaf) =>
  primitives.sha256(Buffer.of(0, leaf % 256, leaf >> 8, leaf >> 16)),
);

test("an edge fills each tile with what the tree has there", () => {
  const tree = new Frontier(primitives);
  for (const leaf of MANY) tree.append(leaf);
  const tiles = tilesOf(MANY);
  assert.deepEqual(
    tiles.filter(({ level }) => level > 0).map(({ level, index: at }) => [level, at]),
    [
      [1, 0],
      [1, 1],
      [2, 0],
    ],
  );
  const byPath = new Map(tiles.map((one) => [`${one.level} ${one.index}`, one.hashes]));
  for (const { level, index: at, hashes } of tiles) {
    for (const [slot, hash] of hashes.entries()) {
      const below = level > 0 && byPath.get(`${level - 1} ${at * TILE_WIDTH + slot}`)!;
      assert.equal(hash, below ? foldPerfect(primitives, below) : MANY[at * TILE_WIDTH + slot]);
    }
  }
  const partial = tiles.slice(-3).map(({ hashes }) => hashes);
  const nodes = frontierOfEdge(primitives, partial);
  assert.equal(new Frontier(primitives, MANY.length, nodes).root(), tree.root());
});

test("an edge that did not see a tile's beginning says so", () => {
  const edge = new TileEdge(100);
  for (const leaf of MANY.slice(100, 255)) assert.equal(edge.push(0, leaf), undefined);
  assert.deepEqual(edge.push(0, MANY[255]!), { level: 0, index: 0, hashes: MANY.slice(100, 256) });
  for (const leaf of MANY.slice(256, 511)) assert.equal(edge.push(0, leaf), undefined);
  assert.equal(edge.push(0, MANY[511]!)!.hashes.length, TILE_WIDTH);
  assert.throws(() => new TileEdge(100, [MANY.slice(0, 101)]), RangeError);
});

const entries = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: TILE_WIDTH });

test("bundles and tiles: there and back, and of no other width", () => {
  fc.assert(
    fc.property(entries, fc.nat(), (some, at) => {
      const bundle = encodeBundle(some);
      assert.deepEqual(decodeBundle(bundle, some.length)!.map(toHex), some.map(toHex));
      const hashes = some.map((_, leaf) => MANY[(leaf + at) % MANY.length]!);
      const bytes = encodeTile(hashes);
      assert.deepEqual(decodeTile(bytes, hashes.length), hashes);
      for (const other of [some.length - 1, some.length + 1, 0, 257]) {
        assert.equal(decodeBundle(bundle, other), undefined);
        assert.equal(decodeTile(bytes, other), undefined);
      }
      const cut = at % bundle.length;
      assert.equal(decodeBundle(bundle.subarray(0, cut), some.length), undefined);
      assert.equal(decodeTile(bytes.subarray(0, at % bytes.length), hashes.length), undefined);
      assert.equal(decodeBundle(Buffer.concat([bundle, Buffer.of(0)]), some.length), undefined);
    }),
    { numRuns: 100 },
  );
});

test("an entry takes up to 65,535 bytes", () => {
  const longest = new Uint8Array(65_535).fill(7);
  assert.deepEqual(decodeBundle(encodeBundle([longest]), 1), [longest]);
  assert.throws(() => encodeBundle([new Uint8Array(65_536)]), RangeError);
});

test("hashes are lower-case hex with all their digits", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const hashes = decodeTile(bytes, 8)!;
  assert.equal(hashes.join(""), Buffer.from(bytes).toString("hex"));
  assert.deepEqual(encodeTile(hashes satisfies Hash[]), bytes);
});
