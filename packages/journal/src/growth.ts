import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { Frontier } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import { parseNote } from "@stele/core/note";
import { checkConsistency, consistencyNodes, proveConsistency, rootNodes } from "@stele/core/proof";
import type { World } from "@stele/store";
import { TreeReader } from "@stele/store/tiles";

/**
 * The consistency proof from a tree of `oldSize`, from 1 to the seal's size, to the seal's tree. A
 * few tiles; all of the ledger when what they say does not lead to the sealed root.
 */
export async function proveGrowth(
  world: World,
  directory: string,
  growth: { readonly oldSize: number; readonly seal: string },
): Promise<readonly Hash[]> {
  const { oldSize, seal } = growth;
  const { size, root } = parseCheckpoint(parseNote(utf8(seal)).text);
  const { primitives } = world;
  const tree = new TreeReader(world, directory);
  const read = async (source: "hashes" | "fromLedger") => {
    const old = await tree[source](rootNodes(oldSize), oldSize);
    const nodes = await tree[source](consistencyNodes({ oldSize, size }), size);
    const proof = proveConsistency(primitives, { oldSize, size }, nodes);
    const oldRoot = new Frontier(primitives, oldSize, old).root();
    return { proof, holds: checkConsistency(primitives, { oldSize, size, oldRoot, root }, proof) };
  };
  const { proof, holds } = await read("hashes");
  return holds ? proof : (await read("fromLedger")).proof;
}
