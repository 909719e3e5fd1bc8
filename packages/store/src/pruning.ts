export { keepHashes, removePartialTile, type PlannedCut } from "./kept-hashes.ts";
export { describeSegment, dropLeafTiles, dropSegments } from "./prune.ts";
export { writePruned, type PrunedFile } from "./pruned.ts";
