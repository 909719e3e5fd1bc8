import type { Disk } from "../disk.ts";
import type { World } from "../world.ts";
import { nodeDisk } from "./disk.ts";
import { nodeEd25519 } from "./node-ed25519.ts";
import { nodeHasher } from "./node-hasher.ts";
import { systemClock } from "./system-clock.ts";
import { systemRandom } from "./system-random.ts";

/** This machine: its disk or another, clock, randomness and OpenSSL. Close its disk when done. */
export function machineWorld(disk: Disk = nodeDisk()): World {
  const primitives = { ...nodeHasher, ...nodeEd25519 };
  return { disk, clock: systemClock, random: systemRandom, primitives };
}
