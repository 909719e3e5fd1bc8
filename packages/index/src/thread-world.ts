import { constants, getPriority, setPriority } from "node:os";
import type { World } from "@stele/store";
import { nodeDisk, nodeEd25519, nodeHasher, systemClock, systemRandom } from "@stele/store/node";

/** This machine, for a thread of an index. */
export function machineWorld(): World {
  return {
    disk: nodeDisk(),
    clock: systemClock,
    random: systemRandom,
    primitives: { ...nodeHasher, ...nodeEd25519 },
  };
}

/** Appending goes before indexing. On Linux the priority is of the calling thread alone. */
export function giveWayToAppending(): void {
  const below = constants.priority.PRIORITY_BELOW_NORMAL;
  // Not every user may take back what a process that is nicer still has given.
  if (process.platform === "linux" && getPriority() < below) setPriority(below);
}
