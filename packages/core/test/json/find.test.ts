import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findJsonValue } from "@stele/core/json";
import { ACCEPTED, REJECTED } from "./texts.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of the value at the path. */
function find(text: string, ...path: string[]): string | undefined {
  const bytes = encoder.encode(text);
  const range = findJsonValue(bytes, path);
  return range && decoder.decode(bytes.subarray(range.start, range.end));
}

describe("findJsonValue", () => {
  test("finds exactly the bytes of any value", () => {
    for (const [text] of ACCEPTED) {
      assert.equal(find(text), text.trim());
      assert.equal(find(`{"é":{ "x" :\t${text}\n, "y":1}}`, "é", "x"), text.trim());
    }
  });

  test("finds nothing in a document that is not well-formed, before or behind the member", () => {
    for (const [text] of REJECTED) {
      assert.equal(find(text), undefined, text);
      assert.equal(find(`{"x":1,"a":${text}}`, "x"), undefined, text);
      assert.equal(find(`{"a":${text},"x":1}`, "x"), undefined, text);
    }
    assert.equal(find('{"x":1} {}', "x"), undefined);
  });

  test("finds nothing where there is no such member", () => {
    assert.equal(find('{"a":1}', "b"), undefined);
    assert.equal(find('{"a":{"b":1}}', "b"), undefined);
    assert.equal(find('{"a":1}', "a", "b"), undefined);
    assert.equal(find('{"a":"b"}', "a", "length"), undefined);
    assert.equal(find('["b"]', "0"), undefined);
    assert.equal(find("{}", "toString"), undefined);
    assert.equal(find("{}", "__proto__"), undefined);
    assert.equal(find("", "a"), undefined);
  });

  test("the last of duplicate members counts, at every level", () => {
    assert.equal(find('{"a":1,"b":0,"a":[2]}', "a"), "[2]");
    assert.equal(find('{"a":{"b":1},"a":{"b":2}}', "a", "b"), "2");
    assert.equal(find('{"a":{"b":1},"a":{"c":2}}', "a", "b"), undefined);
    assert.equal(find('{"a":{"b":1},"a":3}', "a", "b"), undefined);
  });

  test("escaped names are compared unescaped", () => {
    assert.equal(find('{"\\u0061rguments":1}', "arguments"), "1");
    assert.equal(find('{"a\\/b":1}', "a/b"), "1");
    assert.equal(find('{"\\ud83d\\ude00":1}', "😀"), "1");
    assert.equal(find('{"\\\\u0061":1}', "a"), undefined);
    assert.equal(find('{"a":1,"\\u0061":2}', "a"), "2");
  });

  test("names that are not UTF-8 are passed over", () => {
    const bytes = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d);
    assert.deepEqual(findJsonValue(bytes, []), { start: 0, end: 7 });
    assert.equal(findJsonValue(bytes, ["a"]), undefined);
  });

  test("ranges count from the start of the view, not of its buffer", () => {
    const bytes = encoder.encode('xx{"a":1}').subarray(2);
    assert.deepEqual(findJsonValue(bytes, ["a"]), { start: 5, end: 6 });
  });

  test("a large line, and one of nothing but brackets, are read in linear time", () => {
    const text = `"${"a\\n".repeat(1_000_000)}"`;
    assert.equal(find(`{"params":{"arguments":${text}}}`, "params", "arguments"), text);
    const nested = "[".repeat(1_000_000) + "]".repeat(1_000_000);
    assert.equal(find(`{"params":{"arguments":${nested}}}`, "params", "arguments"), nested);
    assert.equal(find(`{"params":{"arguments":${nested}]}}`, "params", "arguments"), undefined);
  });
});
