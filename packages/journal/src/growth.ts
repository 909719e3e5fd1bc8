import { Frontier } from "@stele/core/frontier";
import type { Hash } from "@stele/core/hash";
import { consistencyNodes, proveConsistency, type TreeGrowth } from "@stele/core/proof";
import type { World } from "@stele/store";

/** The consistency proof between two sizes of the journal's tree. */
export async function proveGrowth(
  world: World,
  directory: string,
  growth: TreeGrowth,
): Promise<readonly Hash[]> {
  throw new Error(`${directory} ${growth.size}`);
}
