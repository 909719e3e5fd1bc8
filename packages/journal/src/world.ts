import type { World } from "@stele/store";
import { machineWorld } from "@stele/store/node";

/** This machine: its disk, clock, randomness and OpenSSL. Close its disk when done. */
export function thisMachine(): World {
  const world = machineWorld();
  machines.add(world);
  return world;
}

const machines = new WeakSet<World>();

/** Whether the world came from `thisMachine`, so that another thread can see it too. */
export function isThisMachine(world: World): boolean {
  return machines.has(world);
}
