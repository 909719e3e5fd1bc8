import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { Frontier } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import {
  checkInclusion,
  inclusionNodes,
  proveInclusion,
  rootNodes,
  type TreeNode,
} from "@stele/core/proof";
import type { TileHash } from "@stele/core/tile";
import { readManifest } from "@stele/store";
import { checkFile, listSegments, segmentPath } from "@stele/store/reading";
import type { SimulatedDisk } from "@stele/store/testing";
import { checkTiles, TreeReader } from "@stele/store/tiles";
import { DIRECTORY, newDisk } from "../support/journal.ts";
import { grow, leavesOf, primitives, put, removeTile, tilesOn } from "./support.ts";

const SIZE = 1500;

function treeOf(disk: SimulatedDisk): TreeReader {
  return new TreeReader({ disk, primitives }, DIRECTORY);
}

function naive(leaves: readonly Hash[], { level, index }: TreeNode): Hash {
  const width = 2 ** level;
  const tree = new Frontier(primitives);
  for (const leaf of leaves.slice(index * width, (index + 1) * width)) tree.append(leaf);
  return tree.root();
}

/** Every perfect subtree above some leaves, and all of the first levels near tiles' ends. */
function someNodes(size: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let level = 0; 2 ** level <= size; level++) {
    const count = Math.floor(size / 2 ** level);
    for (const index of [0, 1, 255, 256, count - 1]) {
      if (index < count) nodes.push({ level, index });
    }
  }
  return [...nodes, ...rootNodes(size)];
}

suite("hashes of the tree", () => {
  let whole: SimulatedDisk;
  let leaves: Hash[];
  before(async () => {
    whole = await newDisk(32 * 1024);
    await grow(whole, 700, SIZE - 700);
    leaves = await leavesOf(whole);
    assert.equal((await tilesOn(whole)).size, 5);
  });

  async function assertHashes(disk: SimulatedDisk, sizes: readonly number[]): Promise<void> {
    const tree = treeOf(disk);
    for (const size of sizes) {
      const nodes = someNodes(size);
      const expected = nodes.map((node) => naive(leaves, node));
      assert.deepEqual(await tree.hashes(nodes, size), expected, `size ${size}`);
      assert.deepEqual(await tree.fromLedger(nodes, size), expected, `size ${size}`);
    }
  }

  test("come from tiles and from the ledger, at every size", async () => {
    await assertHashes(whole, [1, 2, 255, 256, 257, 511, 512, 1000, 1280, SIZE]);
  });

  test("come from the ledger where a tile is missing or has another length", async () => {
    const disk = whole.kill();
    await removeTile(disk, "tile/0/000");
    await removeTile(disk, "tile/0/003");
    await put(disk, "tile/0/001", Buffer.alloc(8191));
    await put(disk, "tile/0/004", Buffer.alloc(8193));
    await assertHashes(disk, [300, 1024, SIZE]);
    for (const path of (await tilesOn(disk)).keys()) await removeTile(disk, path);
    await assertHashes(disk, [300, SIZE]);
  });

  test("are the ledger's own where a tile is wrong, for who asks for them", async () => {
    const disk = whole.kill();
    await put(disk, "tile/0/001", Buffer.alloc(8192));
    const place = { index: 300, size: SIZE };
    const nodes = inclusionNodes(place);
    const tree = treeOf(disk);
    const root = naive(leaves, { level: 11, index: 0 });
    const claim = { ...place, leaf: leaves[300]!, root };
    const proofOf = (hashes: Hash[]): Hash[] => proveInclusion(primitives, place, hashes);
    const wrong = proofOf(await tree.hashes(nodes, SIZE));
    const right = proofOf(await tree.fromLedger(nodes, SIZE));
    assert.ok(!checkInclusion(primitives, claim, wrong));
    assert.ok(checkInclusion(primitives, claim, right));
  });

  test("take few reads", async () => {
    const disk = whole.kill();
    const start = disk.trace.length;
    await treeOf(disk).hashes(inclusionNodes({ index: 20, size: SIZE }), SIZE);
    const calls = disk.trace.slice(start);
    const bytes = calls.reduce((sum, call) => sum + (call.sizeBytes ?? 0), 0);
    assert.ok(calls.length < 30, String(calls.length));
    assert.ok(bytes < 256 * 1024, String(bytes));
  });

  test("are not given for what is not there, or not intact", async () => {
    const disk = whole.kill();
    const tree = treeOf(disk);
    for (const read of ["hashes", "fromLedger"] as const) {
      await assert.rejects(tree[read]([{ level: 0, index: 5 }], 5), RangeError);
      await assert.rejects(tree[read]([{ level: 3, index: 1 }], 15), RangeError);
      assert.deepEqual(await tree[read]([], 0), []);
    }
    const node = { level: 0, index: SIZE };
    await assert.rejects(tree.hashes([node], SIZE + 1), { code: "JOURNAL_DAMAGED", seq: SIZE });
    const [name] = (await disk.list(`${DIRECTORY}/ledger`)).toSorted();
    const file = await disk.openWrite(`${DIRECTORY}/ledger/${name}`);
    const bytes = Buffer.alloc(await file.size());
    await file.read(bytes, 0);
    const changed = bytes.toString("latin1").replace('"seq":5,"prev":"', '"seq":5,"prev":"!');
    await file.truncate(0);
    await file.write(Buffer.from(changed, "latin1"), 0);
    await assert.rejects(tree.fromLedger([{ level: 4, index: 0 }], SIZE), {
      code: "JOURNAL_DAMAGED",
      seq: 5,
    });
    await tree.hashes([{ level: 8, index: 0 }], SIZE);
  });
});

suite("a check of the tiles against the ledger", () => {
  test("knows each tile from the segment in which its last entry is", async () => {
    const disk = await newDisk(32 * 1024);
    await grow(disk, ...Array.from({ length: 6 }, () => 100), 700);
    const leaves = await leavesOf(disk);
    const { key, origin } = await readManifest(disk, primitives, DIRECTORY);
    const segments = await listSegments(disk, DIRECTORY);
    assert.ok(segments.length > 3);
    const found: TileHash[] = [];
    for (const first of segments) {
      const check = { primitives, origin, keys: { key }, first };
      const report = await checkFile(disk, segmentPath(DIRECTORY, first), check);
      for (const { index } of report.tiles) {
        const last = 256 * (index + 1) - 1;
        assert.ok(first <= last && last < report.end.sealedSize, `${last} from ${first}`);
      }
      found.push(...report.tiles);
    }
    const files = await tilesOn(disk);
    const expected = [0, 1, 2, 3, 4].map((index) => {
      const digest = primitives.sha256(Buffer.from(files.get(`tile/0/00${index}`)!, "hex"));
      return { level: 0, index, hash: naive(leaves, { level: 8, index }), digest };
    });
    assert.deepEqual(
      found,
      // Where a tile began in an earlier segment, its bytes are not known.
      expected.map((tile, index) => ({ ...tile, digest: found[index]?.digest && tile.digest })),
    );
    assert.ok(found.some(({ digest }) => digest) && found.some(({ digest }) => !digest));
  });

  for (const isKnown of [true, false]) {
    const how = isKnown ? "by its bytes" : "by its hash";
    test(`finds the first entry of a tile that is wrong, and no missing one, ${how}`, async () => {
      const disk = await newDisk(32 * 1024);
      await grow(disk, 600);
      const leaves = await leavesOf(disk);
      const files = await tilesOn(disk);
      const tiles = [0, 1].map((index) => {
        const digest = primitives.sha256(Buffer.from(files.get(`tile/0/00${index}`)!, "hex"));
        const hash = naive(leaves, { level: 8, index });
        return { level: 0, index, hash, digest: isKnown ? digest : undefined };
      });
      const check = async (): Promise<unknown> =>
        checkTiles(disk, primitives, DIRECTORY, { tiles });
      assert.equal(await check(), undefined);
      const right = Buffer.from(files.get("tile/0/001")!, "hex");
      const reason = "tile/0/001 does not hold the hashes of entries 256 to 511";
      const finding = { verdict: "corrupt", seq: 256, reason };
      for (let at = 0; at < right.length; at += 97) {
        const wrong = Buffer.from(right);
        wrong[at]! ^= 1 << (at % 8);
        await put(disk, "tile/0/001", wrong);
        assert.deepEqual(await check(), finding, `byte ${at}`);
      }
      for (const wrong of [right.subarray(1), Buffer.concat([right, right]), Buffer.alloc(0)]) {
        await put(disk, "tile/0/001", wrong);
        assert.deepEqual(await check(), finding);
      }
      await put(disk, "tile/0/000", right);
      assert.equal(((await check()) as { seq: number }).seq, 0);
      await removeTile(disk, "tile/0/000");
      await removeTile(disk, "tile/0/001");
      assert.equal(await check(), undefined);
    });
  }
});
