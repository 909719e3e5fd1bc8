import type { Disk, World } from "@stele/store";
import { nodeDisk, nodeEd25519, nodeHasher, systemClock, systemRandom } from "@stele/store/node";

/** This machine: its disk, clock, randomness and OpenSSL. Close its disk when done. */
export function thisMachine(): World {
  const world = worldOn(nodeDisk());
  machines.add(world);
  return world;
}

/** This machine with another disk. */
export function worldOn(disk: Disk): World {
  const primitives = { ...nodeHasher, ...nodeEd25519 };
  return { disk, clock: systemClock, random: systemRandom, primitives };
}

const machines = new WeakSet<World>();

/** Whether the world came from `thisMachine`, so that another thread can see it too. */
export function isThisMachine(world: World): boolean {
  return machines.has(world);
}
