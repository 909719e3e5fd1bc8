import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { encodeEvent, MAX_REFERENCE_LENGTH, MAX_TYPE_LENGTH, parseEvent } from "@stele/core/event";
import { checkJsonObject } from "@stele/core/json";
import { refuses } from "./vectors/read.ts";

const data = fc.jsonValue({ stringUnit: "binary" });

suite("an event", () => {
  test("given as an object is what JSON.stringify writes, and reads the same as text", () => {
    fc.assert(
      fc.property(data, (value) => {
        const event = { type: "note", id: "a", data: value };
        const { text, type, id } = encodeEvent(event);
        assert.equal(text, JSON.stringify(event));
        assert.deepEqual([type, id], ["note", "a"]);
        assert.deepEqual(parseEvent(text), encodeEvent(event));
      }),
    );
  });

  test("given as text with white space is stored without, token by token", () => {
    fc.assert(
      fc.property(data, fc.constantFrom(1, 2, "\t", "\n \r"), (value, space) => {
        const event = { type: "note", data: value };
        const { text } = parseEvent(JSON.stringify(event, null, space));
        assert.equal(text, JSON.stringify(event));
      }),
    );
  });

  test("that is accepted passes the check of stored lines, however deep", () => {
    for (let depth = 0; depth < 300; depth++) {
      let value: unknown = null;
      for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
      const event = { type: "note", data: value };
      if (depth > 127) {
        refuses("JSON_TOO_DEEP", () => encodeEvent(event), `${depth}`);
        refuses("JSON_TOO_DEEP", () => parseEvent(JSON.stringify(event)), `${depth}`);
        continue;
      }
      const bytes = Buffer.from(encodeEvent(event).text);
      assert.equal(checkJsonObject(bytes, 0, bytes.length), -1);
    }
  });

  test("has a type of dotted lower case, up to a length", () => {
    const longest = "x".repeat(MAX_TYPE_LENGTH);
    for (const type of ["a", "a.b", "tool.call", "a-b_c.0", longest]) {
      assert.equal(encodeEvent({ type }).type, type);
    }
    for (const type of ["", ".", "a.", ".a", "a..b", "A", "a b", "é", "a\n", `${longest}x`]) {
      refuses("EVENT_INVALID", () => encodeEvent({ type }), type);
      refuses("EVENT_INVALID", () => parseEvent(JSON.stringify({ type })), type);
    }
  });

  test("given as an object or as text says its references", () => {
    const event = { type: "note", id: "i", agent: "a", session: "s", parent: "p" };
    for (const text of [encodeEvent(event), parseEvent(JSON.stringify(event))]) {
      const { id, agent, session, parent } = text;
      assert.deepEqual({ type: text.type, id, agent, session, parent }, event);
    }
    const hidden = Object.defineProperty({ type: "note" }, "session", { value: "s" });
    assert.equal(encodeEvent(hidden).session, undefined, "not written, so not said");
  });

  test("has references that are strings of some length, or none", () => {
    const longest = "é".repeat(MAX_REFERENCE_LENGTH);
    for (const member of ["id", "agent", "session", "parent"]) {
      assert.ok(encodeEvent({ type: "note", [member]: longest }));
      assert.ok(encodeEvent({ type: "note", [member]: undefined }));
      for (const value of ["", `${longest}x`, 7, null, {}]) {
        const event = { type: "note", [member]: value };
        refuses("EVENT_INVALID", () => encodeEvent(event), member);
        refuses("EVENT_INVALID", () => parseEvent(JSON.stringify(event)), member);
      }
    }
  });
});
