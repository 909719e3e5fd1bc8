export { checkConsistency, checkInclusion } from "./proof/check.ts";
export type { ConsistencyClaim, InclusionClaim } from "./proof/check.ts";
export { rootNodes } from "./proof/layout.ts";
export type { LeafPlace, TreeGrowth, TreeNode } from "./proof/layout.ts";
export {
  consistencyNodes,
  inclusionNodes,
  proveConsistency,
  proveInclusion,
} from "./proof/prove.ts";
