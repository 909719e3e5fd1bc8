import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom, SimulatedClock } from "@stele/store/testing";

test("SimulatedClock ends the delays that are due, in the order of their times", async () => {
  const clock = new SimulatedClock(1000);
  const ended: string[] = [];
  void clock.delay(20).then(() => ended.push("20"));
  void clock
    .delay(10)
    .then(() => clock.delay(5))
    .then(() => ended.push(`10+5 at ${clock.nowMs()}`));
  void clock.delay(31).then(() => ended.push("31"));
  await clock.advance(30);
  assert.deepEqual(ended, ["10+5 at 1015", "20"]);
  assert.equal(clock.nowMs(), 1030);
  clock.jump(-500);
  assert.equal(clock.nowMs(), 530);
  await clock.advance(1);
  assert.deepEqual(ended, ["10+5 at 1015", "20", "31"]);
});

test("SimulatedClock's delay can be aborted", async () => {
  const clock = new SimulatedClock();
  const controller = new AbortController();
  const delay = clock.delay(10, controller.signal);
  controller.abort();
  await assert.rejects(delay, { name: "AbortError" });
  await assert.rejects(clock.delay(10, controller.signal), { name: "AbortError" });
  await clock.advance(20);
});

test("SeededRandom repeats itself for the same seed only, and spreads", () => {
  assert.deepEqual(new SeededRandom(7).bytes(16), new SeededRandom(7).bytes(16));
  assert.notDeepEqual(new SeededRandom(7).bytes(16), new SeededRandom(8).bytes(16));
  assert.notDeepEqual(new SeededRandom(7).bytes(16), new SeededRandom(7 + 2 ** 32).bytes(16));
  const random = new SeededRandom(1);
  const counts = [0, 0, 0];
  for (let round = 0; round < 3000; round++) counts[random.below(3)]!++;
  for (const count of counts) assert.ok(count > 900 && count < 1100, String(counts));
});
