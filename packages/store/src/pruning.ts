export { keepHashes, removePartialTile, type PlannedCut } from "./kept-hashes.ts";
export { agentsBefore, linesBelow } from "./kept-agents.ts";
export { describeSegment, dropLeafTiles, dropSegments, type LeavingSegment } from "./prune.ts";
export { writePruned, type KeptAgentLines, type PrunedFile } from "./pruned.ts";
