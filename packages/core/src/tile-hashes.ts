export { TileHashes } from "./tile/hashes.ts";
