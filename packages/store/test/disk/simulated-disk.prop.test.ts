import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SimulatedDisk } from "@stele/store/testing";

const LENGTH_MAX = 12;
const write = fc.record({
  kind: fc.constant("write" as const),
  bytes: fc.uint8Array({ minLength: 1, maxLength: LENGTH_MAX }),
  offsetBytes: fc.nat(LENGTH_MAX),
});
const truncate = fc.record({
  kind: fc.constant("truncate" as const),
  sizeBytes: fc.nat(LENGTH_MAX),
});
const sync = fc.record({ kind: fc.constant("sync" as const) });
const changes = fc.array(fc.oneof({ weight: 4, arbitrary: write }, truncate, sync), {
  maxLength: 20,
});

test("every byte after a power cut was there at some time since the last sync", async () => {
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(), async (script, seed) => {
      const disk = new SimulatedDisk();
      const file = await disk.openWrite("/file");
      await disk.syncDirectory("/");
      // Per place: the values it had since the last sync; undefined stands for "beyond the end".
      let possible = history(new Uint8Array());
      for (const change of script) {
        if (change.kind === "write") await file.write(change.bytes, change.offsetBytes);
        else if (change.kind === "truncate") await file.truncate(change.sizeBytes);
        else await file.sync();
        const now = history(await contentOf(disk));
        if (change.kind === "sync") possible = now;
        else now.forEach((values, place) => values.forEach((value) => possible[place]!.add(value)));
      }
      const left = await contentOf(disk.crash(seed));
      const isSynced =
        script.every(({ kind }) => kind === "sync") || script.at(-1)?.kind === "sync";
      if (isSynced) assert.deepEqual(left, await contentOf(disk));
      left.forEach((value, place) => {
        assert.ok(value === 0 || possible[place]!.has(value), `${value} at ${place}`);
      });
    }),
    { numRuns: 500 },
  );
});

function history(content: Uint8Array): Set<number | undefined>[] {
  return Array.from({ length: 2 * LENGTH_MAX }, (_, place) => new Set([content[place]]));
}

async function contentOf(disk: SimulatedDisk): Promise<Uint8Array> {
  const file = await disk.openRead("/file");
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0);
  return bytes;
}
