import type { World } from "@stele/store";
import { nodeDisk, nodeEd25519, nodeHasher, systemClock, systemRandom } from "@stele/store/node";

/** This machine: its disk, clock, randomness and OpenSSL. Close its disk when done. */
export function thisMachine(): World {
  return {
    disk: nodeDisk(),
    clock: systemClock,
    random: systemRandom,
    primitives: { ...nodeHasher, ...nodeEd25519 },
  };
}
