export { nodeDisk } from "./node/disk.ts";
export { machineWorld } from "./node/machine-world.ts";
export { nodeEd25519 } from "./node/node-ed25519.ts";
export { nodeHasher } from "./node/node-hasher.ts";
export { systemClock } from "./node/system-clock.ts";
export { systemRandom } from "./node/system-random.ts";
export {
  readSecret,
  removeSecret,
  replaceSecret,
  secretsDirectory,
  writeSecret,
} from "./node/secrets.ts";
