import type { Primitives } from "@stele/core/key";
import type { Clock, Disk, Random } from "./disk.ts";

/**
 * Everything that the store takes from outside: so tests own the disk, the time and the
 * randomness.
 */
export interface World {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly primitives: Primitives;
}
