import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkJsonObject } from "@stele/core/json";
import { ACCEPTED, REJECTED } from "./texts.ts";

const encoder = new TextEncoder();

function check(text: string): number {
  const bytes = encoder.encode(text);
  return checkJsonObject(bytes, 0, bytes.length);
}

function nested(depth: number): string {
  return `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
}

describe("checkJsonObject", () => {
  test("accepts an object with any value in compact form", () => {
    for (const [text, compact = text] of ACCEPTED) {
      assert.equal(check(`{"a":${compact},"b":0}`), -1, compact);
    }
  });

  test("accepts nothing but an object", () => {
    for (const [text, compact = text] of ACCEPTED) {
      const offset = compact.startsWith("{") ? -1 : 0;
      assert.equal(check(compact), offset, compact);
    }
    assert.equal(check(""), 0);
  });

  test("names the first byte that breaks the grammar", () => {
    for (const [text, offset] of REJECTED) {
      // In brackets of the other kind, which no bracket of the text can close.
      const [before, after] = /^(?:[[\]]|$)/.test(text) ? ['{"é":', "}"] : ['{"é":[', "]}"];
      const found = check(before + text + after);
      assert.notEqual(found, -1, text);
      // Behind a text that is cut short the brackets are wrong, or go on with its last token.
      if (offset === text.length || /\s/.test(text)) continue;
      assert.equal(found, encoder.encode(before + text.slice(0, offset)).length, text);
    }
  });

  test("names the end of an object that is cut short, at every byte", () => {
    const whole = '{"a":[1,-2.5e+3,{}],"b":"x\\n\\u00e9é","c":{"d":[true,false,null,[]]},"e":0}';
    const bytes = encoder.encode(whole);
    for (let end = 0; end < bytes.length; end++) assert.equal(checkJsonObject(bytes, 0, end), end);
    assert.equal(checkJsonObject(bytes, 0, bytes.length), -1);
  });

  test("refuses white space at every place between tokens", () => {
    const tokens = ["{", '"a"', ":", "[", "1", ",", "{", "}", "]", ",", '"b"', ":", "true", "}"];
    for (const space of [" ", "\t", "\n", "\r"]) {
      for (let index = 0; index <= tokens.length; index++) {
        const before = tokens.slice(0, index).join("");
        const text = before + space + tokens.slice(index).join("");
        assert.equal(check(text), before.length, JSON.stringify(text));
      }
    }
    assert.equal(check('{" ":" "}'), -1);
  });

  test("looks at nothing outside the range", () => {
    const bytes = encoder.encode('x{"a":"b"},');
    assert.equal(checkJsonObject(bytes, 1, 10), -1);
    assert.equal(checkJsonObject(bytes, 1, 11), 10);
    assert.equal(checkJsonObject(bytes, 1, 9), 9);
    assert.equal(checkJsonObject(bytes, 0, 10), 0);
    assert.equal(checkJsonObject(bytes, 1, 1), 1);
  });

  test("leaves UTF-8, duplicate names and the size of numbers alone", () => {
    assert.equal(
      checkJsonObject(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x30, 0x7d), 0, 7),
      -1,
    );
    assert.equal(check('{"a":1e999,"a":"\\ud800"}'), -1);
  });

  test("bounds the depth without running out of stack", () => {
    assert.equal(check(nested(127)), -1);
    assert.equal(check(nested(255)), -1);
    assert.equal(check(nested(256)), 5 + 255);
    assert.equal(check(nested(1_000_000)), 5 + 255);
    assert.equal(check('{"a":'.repeat(1_000_000)), 5 * 256);
  });
});
