export {
  decodeBundle,
  decodeTile,
  encodeBundle,
  encodeTile,
  FULL_TILE_BYTES,
} from "./tile/bytes.ts";
export { edgeNodes, frontierOfEdge, TileEdge, type FilledTile } from "./tile/edge.ts";
export {
  foldPerfect,
  leavesUpTo,
  nodesOfTile,
  slotsOfNode,
  TILE_HEIGHT,
  TILE_WIDTH,
  tileLevels,
  tileRow,
  tileWidth,
} from "./tile/layout.ts";
export type { Tile, TileHash, TilePlace } from "./tile/layout.ts";
export { formatBundlePath, formatTilePath, parseBundlePath, parseTilePath } from "./tile/path.ts";
