export { scanLeaves } from "./leaf-scan.ts";
export { checkTiles } from "./tile-check.ts";
export { entriesOnlyInTiles } from "./tile-files.ts";
export { TreeReader } from "./tree-reader.ts";
export { continues, readPrunedHashes, type PrunedHashes } from "./pruned-leaves.ts";
export { readPruned, type PrunedFile } from "./pruned.ts";
