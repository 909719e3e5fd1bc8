export { testDisk } from "./testing/disk-suite.ts";
export type { DiskUnderTest } from "./testing/disk-suite.ts";
export { SeededRandom } from "./testing/seeded-random.ts";
export { SimulatedClock } from "./testing/simulated-clock.ts";
export { SimulatedDisk } from "./testing/simulated-disk.ts";
export type { TracedCall } from "./testing/simulated-calls.ts";
