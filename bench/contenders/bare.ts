import { createJournal, openJournal, type Event, type World } from "@stele/journal";
import type { DiskStep } from "@stele/store";
import { nodeDisk, nodeEd25519, nodeHasher, systemClock, systemRandom } from "@stele/store/node";
import type { Contender, OpenLog } from "./contender.ts";

/**
 * Stele with a disk that forgets tiles, and without DIR/checkpoint: what these two cost shows in
 * the difference. (That it notes the tree's hashes for tiles is still in here; the tree needs
 * them.)
 */
export const bare: Contender = {
  takes: "each",
  async open(dir: string): Promise<OpenLog> {
    const environment = {};
    await createJournal(dir, { origin: "bench.example/stele", environment });
    const checkpointIntervalMs = 3_600_000;
    const journal = await openJournal(dir, { environment, checkpointIntervalMs, world: world() });
    return {
      async append(events: readonly Event[]): Promise<void> {
        for (const event of events) await journal.append(event);
      },
      close: () => journal.close(),
    };
  },
};

function world(): World {
  const disk = nodeDisk();
  const run = disk.run.bind(disk);
  disk.run = (steps) => {
    const others = steps.filter((step) => !isTile(step));
    return others.length === 0 ? Promise.resolve() : run(others);
  };
  const primitives = { ...nodeHasher, ...nodeEd25519 };
  return { disk, clock: systemClock, random: systemRandom, primitives };
}

function isTile(step: DiskStep): boolean {
  return step.kind === "replace" && step.path.includes("/tile/");
}
