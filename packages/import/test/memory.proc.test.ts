import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { checkOrigin, hoosh } from "@stele/import";
import { primitives } from "./support/check.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function heldBytes(): Promise<number> {
  // What is outside of the heap is given back behind the collection.
  for (let round = 0; round < 10; round++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test("names around the entries do not keep the spaces behind them in memory", async () => {
  const spaces = Buffer.alloc(1 << 20, " ");
  async function* file(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"entries":[]');
    for (let name = 0; name < 20; name++) {
      yield Buffer.from(`,"a name of some length ${name}":`);
      yield spaces;
      yield Buffer.from('"a text of some length"');
    }
    yield Buffer.from("}");
  }
  const before = await heldBytes();
  let held = 0;
  async function* untilEnd(): AsyncGenerator<Uint8Array> {
    yield* file();
    held = (await heldBytes()) - before;
  }
  const report = await checkOrigin(hoosh, untilEnd(), { primitives });
  assert.equal(Object.keys(report.stated).length, 16);
  assert.ok(held < 10 << 20, `${held} bytes`);
});
