import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { SteleError } from "@stele/core/error";
import {
  budgetCommitted,
  budgetOpened,
  budgetReleased,
  budgetReserved,
  decision,
  gatewayEvent,
  inferenceRequest,
  inferenceResponse,
  query,
  recordTypes,
  review,
  toolCall,
  toolResult,
} from "@stele/records";
import type { Event } from "@stele/core/event";
import { recordTypeList } from "@stele/records/types";
import { DIGEST, refusal } from "./support.ts";

const SAMPLES: readonly Event[] = [
  decision({
    policy: "routing-3",
    policyDigest: DIGEST,
    inputDigest: DIGEST,
    requested: "large",
    chosen: "small",
    verdict: "substitute",
    reasons: [{ constraint: "max_cost", passed: false, reason: "over the limit" }],
    costMicros: 1_200n,
    currency: "USD",
  }),
  toolCall({ id: "c-1", session: "s", tool: "read", bytesRead: 2n ** 64n - 1n, requestId: 7 }),
  toolResult({ parent: "c-1", outcome: "ok", durationMs: 1.5, error: null }),
  inferenceRequest({ id: "i-1", model: "m", stream: true, temperature: 0 }),
  inferenceResponse({ parent: "i-1", model: "m", inputTokens: 1, outputTokens: "2" }),
  gatewayEvent({ event: "request.done", level: "info", message: "", metadata: { a: [1] } }),
  review(
    {
      agent: "critic-1",
      verdict: "approved",
      score: 0.9,
      dimensions: { safety: 1 },
      critic: { type: "llm", modelId: "m" },
      iteration: 1,
    },
    { director: "text", critic: "fine" },
  ).event,
  query({
    id: "q-1",
    agent: "a",
    parameters: { subject: "sun", lens: null },
    resultHash: DIGEST,
    confidence: 1,
    contributions: [{ assertion: DIGEST, weight: 0.5, source: DIGEST, lifecycle: "approved" }],
  }),
  budgetOpened({ session: "s", budget: "b", amountMicros: 5n }),
  budgetReserved({ session: "s", budget: "b", reservation: "r", amountMicros: 3n }),
  budgetCommitted({ session: "s", budget: "b", reservation: "r", amountMicros: 2n }),
  budgetReleased({ session: "s", budget: "b", reservation: "r" }),
];

suite("recordTypes", () => {
  test("what the helpers make is of its type, and each type has a helper", () => {
    const registry = recordTypes();
    for (const event of SAMPLES) registry.check(JSON.parse(JSON.stringify(event)) as Event);
    assert.deepEqual(
      SAMPLES.map(({ type }) => type),
      registry.types,
    );
  });

  test("a missing member is named by its JSON pointer, with what was expected", () => {
    const registry = recordTypes();
    for (const event of SAMPLES) {
      const { data = {} } = event as { data?: Readonly<Record<string, unknown>> };
      for (const name of requiredOf(event.type)) {
        const without = Object.fromEntries(Object.entries(data).filter(([key]) => key !== name));
        const broken = { ...event, data: without };
        const message = new RegExp(`^not a ${event.type} record: /data/${name}: .*got nothing$`);
        assert.throws(() => registry.check(broken), refusal(message));
      }
    }
  });

  test("a wrong value is shown with its place, inside arrays too", () => {
    const registry = recordTypes();
    const check = (type: string, data: object): void => registry.check({ type, data });
    const cases: readonly [type: string, data: object, message: string][] = [
      ["tool.call", { tool: 7 }, "/data/tool: expected a string, not empty, got 7"],
      ["tool.call", { tool: "" }, '/data/tool: expected a string, not empty, got ""'],
      [
        "tool.call",
        { tool: "t", bytesRead: -1 },
        "/data/bytesRead: expected a whole number from 0 to 2^64-1: a number up to 2^53-1, or " +
          "decimal text without leading zeros, got -1",
      ],
      [
        "tool.call",
        { tool: "t", delegationDepth: 2 ** 32 },
        "/data/delegationDepth: expected a whole number from 0 to 4294967295, got 4294967296",
      ],
      [
        "gateway.event",
        { event: "e", level: "fatal", message: "m" },
        '/data/level: expected one of "trace", "debug", "info", "warn", "error", got "fatal"',
      ],
    ];
    for (const [type, data, message] of cases) {
      assert.throws(() => check(type, data), refusal(`not a ${type} record: ${message}`));
    }
    const [audit] = SAMPLES.filter(({ type }) => type === "query");
    const contributions = [{ assertion: DIGEST, weight: "1", lifecycle: "approved" }];
    const data = { ...(audit!.data as object), contributions };
    const message = /: \/data\/contributions\/0\/weight: expected a number, got "1"$/;
    assert.throws(() => registry.check({ ...audit!, data }), refusal(message));
  });

  test("an event without data is refused, and one that has no id where the id is the query's", () => {
    const registry = recordTypes();
    const message = "not a tool.call record: /data: expected an object, got nothing";
    assert.throws(() => registry.check({ type: "tool.call" }), refusal(message));
    const { id: _, ...audit } = SAMPLES.find(({ type }) => type === "query")!;
    assert.throws(() => registry.check(audit), refusal(/: \/id: expected a string, got nothing$/));
  });

  test("a human critic has an id and a name, a model its id", () => {
    const given = SAMPLES.find(({ type }) => type === "review")!;
    const by = (critic: object): Event => ({
      ...given,
      data: { ...(given.data as object), critic },
    });
    const registry = recordTypes();
    registry.check(by({ type: "human", userId: "u", name: "n" }));
    const noName = /: \/data\/critic\/name: .*got nothing$/;
    assert.throws(() => registry.check(by({ type: "human", userId: "u" })), refusal(noName));
    const noModel = /: \/data\/critic\/modelId: .*got nothing$/;
    assert.throws(() => registry.check(by({ type: "llm", userId: "u" })), refusal(noModel));
    assert.throws(() => registry.check(by({ type: "cat" })), refusal(/: \/data\/critic\/type: /));
  });

  test("whole numbers are exact to the last of 64 bits, as numbers and as text", () => {
    const registry = recordTypes();
    const reads = (bytesRead: unknown): boolean => {
      try {
        registry.check({ type: "tool.call", data: { tool: "t", bytesRead } });
        return true;
      } catch {
        return false;
      }
    };
    const max = 2n ** 64n - 1n;
    for (let bit = 0n; bit < 66n; bit++) {
      for (const value of [(1n << bit) - 1n, 1n << bit, max - (1n << bit)]) {
        assert.equal(reads(String(value)), value >= 0n && value <= max, String(value));
      }
    }
    for (const wrong of ["", "00", "01", "+1", "-1", "1.0", "1e3", " 1", "1\n", 1.5, -1, 2 ** 53]) {
      assert.equal(reads(wrong), false, JSON.stringify(wrong));
    }
  });

  test("events of other types pass", () => {
    recordTypes().check({ type: "note", data: 7 });
  });
});

suite("RecordRegistry.register", () => {
  const schema = { properties: { data: { type: "object", required: ["amount"] } } };

  test("a type of one's own is checked from then on", () => {
    const registry = recordTypes().register({ type: "payment", schema });
    registry.check({ type: "payment", data: { amount: 1 } });
    const message = "not a payment record: /data/amount: expected a value, got nothing";
    assert.throws(() => registry.check({ type: "payment", data: {} }), refusal(message));
    assert.equal(recordTypes().has("payment"), false);
  });

  test("the pointer to a name with a slash is escaped", () => {
    const slashed = { properties: { data: { required: ["a/b~c"] } } };
    const registry = recordTypes().register({ type: "payment", schema: slashed });
    assert.throws(
      () => registry.check({ type: "payment", data: {} }),
      refusal(/\/data\/a~1b~0c: /),
    );
  });

  test("what every object inherits is neither there nor of the wrong type", () => {
    const data = { required: ["constructor"], properties: { valueOf: { type: "string" } } };
    const registry = recordTypes().register({ type: "payment", schema: { properties: { data } } });
    const missing = refusal(/\/data\/constructor: expected a value, got nothing$/);
    assert.throws(() => registry.check({ type: "payment", data: {} }), missing);
    registry.check({ type: "payment", data: { constructor: 1 } });
    const wrong = refusal(/\/data\/valueOf: expected string, got 7$/);
    assert.throws(
      () => registry.check({ type: "payment", data: { constructor: 1, valueOf: 7 } }),
      wrong,
    );
  });

  test("helpers keep the links apart from data, the subject as one", () => {
    const subject = ["user-1", "user-2"];
    const { data, ...links } = toolCall({ id: "c", session: "s", subject, tool: "read" });
    assert.deepEqual(links, { type: "tool.call", id: "c", session: "s", subject });
    assert.deepEqual(data, { tool: "read" });
  });

  test("a schema that was refused may come again, mended, under the same $id", () => {
    const registry = recordTypes();
    const $id = "https://example.com/payment";
    const broken = { $id, $ref: "https://example.com/other" };
    assert.throws(() => registry.register({ type: "payment", schema: broken }));
    registry.register({ type: "payment", schema: { $id, ...schema } });
    assert.throws(() => registry.check({ type: "payment", data: {} }), refusal(/amount/));
  });

  test("a type twice, one of the journal's own, and what is no schema are refused at once", () => {
    const refuses = (type: string, given: object, why: RegExp): void => {
      const register = () => recordTypes().register({ type, schema: { ...given } });
      assert.throws(register, (error: SteleError) => {
        assert.equal(error.code, "OPTION_INVALID");
        assert.match(error.message, why);
        return true;
      });
    };
    refuses("tool.call", schema, /registered already/);
    refuses("stele.key", schema, /for the journal itself/);
    refuses("payment", { type: "text" }, /"payment" cannot be registered: schema is invalid/);
    refuses("payment", { $async: true, ...schema }, /asynchronous/);
    refuses("payment", { $ref: "https://example.com/other" }, /can't resolve reference/);
  });
});

function requiredOf(type: string): readonly string[] {
  const { members } = recordTypeList.find((known) => known.type === type)!;
  return Object.entries(members).flatMap(([name, { optional }]) => (optional ? [] : [name]));
}
