import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import { decision, digestOf, isReplayOf, replayDigest } from "@stele/records";
import { refusal } from "./support.ts";

// What calybris-core tests of policy decisions: digests of policy, input and decision, and replay.

const made = {
  policy: "spend-limit-1",
  policyDigest: digestOf('{"maxCostMicros":1000}'),
  inputDigest: digestOf('{"model":"large","costMicros":1200}'),
  requested: "large",
  chosen: "small",
  verdict: "substitute",
  reasons: [
    { constraint: "max_cost", passed: false, reason: "1200 is more than 1000" },
    { constraint: "max_latency", passed: true },
  ],
} as const;

suite("calybris: decisions", () => {
  test("digests of policy and input are SHA-256 of their bytes", () => {
    assert.equal(digestOf("abc"), createHash("sha256").update("abc").digest("hex"));
    assert.equal(digestOf(Buffer.from("abc")), digestOf("abc"));
  });

  test("the same policy on the same input replays to the same digest", () => {
    const recorded = decision({ ...made, agent: "router", costMicros: 700n });
    assert.equal(recorded.data["replayDigest"], replayDigest(made));
    assert.equal(isReplayOf(JSON.parse(JSON.stringify(recorded)) as typeof recorded, made), true);
  });

  test("the replay digest is the SHA-256 of the text that the documents give", () => {
    const { policyDigest, inputDigest } = made;
    const text =
      `["stele/replay/v1","${policyDigest}","${inputDigest}","large","small","substitute",` +
      '[["max_cost",false],["max_latency",true]]]';
    assert.equal(replayDigest(made), digestOf(text));
    const { chosen: _, ...rest } = made;
    assert.equal(replayDigest(rest), digestOf(text.replace('"small"', "null")));
  });

  test("another policy, input, request, choice, verdict or constraint does not replay", () => {
    const recorded = decision(made);
    const others = [
      { ...made, policyDigest: digestOf("") },
      { ...made, inputDigest: digestOf("") },
      { ...made, requested: "small" },
      { ...made, chosen: "large" },
      { ...made, verdict: "admit" },
      { ...made, reasons: made.reasons.slice(0, 1) },
      { ...made, reasons: [{ constraint: "max_cost", passed: true }, made.reasons[1]] },
    ] as const;
    for (const other of others) assert.equal(isReplayOf(recorded, other), false);
    assert.equal(isReplayOf({ data: {} }, made), false);
    assert.equal(isReplayOf({}, made), false);
  });

  test("words and time of a replay may differ, and a rejected request has nothing chosen", () => {
    const reworded = made.reasons.map(({ constraint, passed }) => ({ constraint, passed }));
    assert.equal(isReplayOf(decision(made), { ...made, reasons: reworded }), true);
    const { chosen: _, ...rest } = made;
    const rejected = { ...rest, verdict: "reject" } as const;
    assert.equal("chosen" in decision(rejected).data, false);
    assert.equal(isReplayOf(decision(rejected), rejected), true);
  });

  test("costs are exact in micro-units beyond 2^53, and refused beyond 64 bits", () => {
    const cost = (costMicros: bigint): unknown =>
      decision({ ...made, costMicros }).data["costMicros"];
    assert.equal(cost(9_007_199_254_740_991n), 9_007_199_254_740_991);
    assert.equal(cost(9_007_199_254_740_992n), "9007199254740992");
    assert.equal(cost(2n ** 64n - 1n), "18446744073709551615");
    const message = /^\/data\/costMicros: expected a whole number from 0 to 2\^64-1, got /;
    assert.throws(() => cost(2n ** 64n), refusal(message));
    assert.throws(() => cost(-1n), refusal(message));
  });
});
