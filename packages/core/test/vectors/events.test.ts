import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "@stele/core/error";
import { encodeEvent, parseEvent, type Event } from "@stele/core/event";
import { readVectors, refusal } from "./read.ts";

interface Events {
  readonly accepted: readonly { text: string; stored: string }[];
  readonly refused: readonly { text: string; code: ErrorCode; offset?: number }[];
  readonly inexactNumbers: readonly { text: string; asStrings: string }[];
}

const events = readVectors("events.json") as Events;

test("events.json: what is accepted is stored token by token", () => {
  for (const { text, stored } of events.accepted) {
    assert.equal(parseEvent(text).text, stored);
    assert.equal(parseEvent(stored).text, stored);
  }
});

test("events.json: what is refused, with the code and the offset", () => {
  for (const { text, code, offset } of events.refused) {
    const error = refusal(() => parseEvent(text), text);
    assert.deepEqual([error.code, error.offset], [code, offset], `${text}: ${error.message}`);
  }
});

test("events.json: inexact numbers as strings", () => {
  for (const { text, asStrings } of events.inexactNumbers) {
    assert.equal(parseEvent(text, { inexactNumbers: "string" }).text, asStrings);
  }
});

test("events.json: what is no event is none as an object either", () => {
  for (const { text, code } of events.refused) {
    if (code !== "EVENT_INVALID") continue;
    const event = JSON.parse(text) as Event;
    assert.equal(refusal(() => encodeEvent(event), text).code, code);
  }
});
