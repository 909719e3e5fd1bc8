import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import { parseContentLine } from "@stele/core/content";
import { SteleError } from "@stele/core/error";

const SALT = `"salt":"${"00".repeat(32)}"`;

function lineOf(content: string): Uint8Array {
  return utf8(`{"seq":7,"content":{${content}}}`);
}

describe("a content line", () => {
  test("stands for the bytes of its text or base64, whatever the spelling", () => {
    const line = lineOf(`"a":{${SALT},"text":"\\u0068i"}, "b":{"base64":"/wD+",${SALT}}`);
    const { seq, contents } = parseContentLine(line);
    assert.equal(seq, 7);
    assert.deepEqual(contents.get("a")?.bytes, utf8("hi"));
    assert.deepEqual(contents.get("b")?.bytes, Uint8Array.of(0xff, 0x00, 0xfe));
  });

  for (const [name, content] of [
    ["text and base64", `"a":{${SALT},"text":"z","base64":"cQ=="}`],
    ["neither", `"a":{${SALT}}`],
    ["a member twice", `"a":{${SALT},"text":"x","text":"z"}`],
    ["a content twice", `"a":{${SALT},"text":"x"},"a":{${SALT},"text":"z"}`],
    ["another member", `"a":{${SALT},"text":"x","note":1}`],
    ["half a surrogate pair", `"a":{${SALT},"text":"\\ud800"}`],
    ["an array for a content", '"a":[]'],
    ["a text behind a text", `"a":{${SALT},"text":"x"},"b":{${SALT},"text":"z","text":"z"}`],
    ["a line feed in a text", `"a":{${SALT},"text":"x\nz"}`],
    ["a wrong escape", `"a":{${SALT},"text":"\\x"}`],
    ["a text that ends with a backslash", `"a":{${SALT},"text":"x\\"}`],
    ["a short salt", '"a":{"salt":"00","text":"x"}'],
  ] as const) {
    test(`with ${name} is malformed: two readers could take it differently`, () => {
      assert.throws(() => parseContentLine(lineOf(content)), isDamage);
    });
  }

  test("with one text is read the same as with white space before it", () => {
    const texts = ["", "plain", "é😀", 'a "quoted" word', '"},"b":{', "line\nfeed", "\\"];
    for (const expected of texts) {
      const text = JSON.stringify(expected).slice(1, -1);
      const content = `"a":{${SALT},"text":"${text}"}`;
      const usual = parseContentLine(lineOf(content));
      assert.deepEqual(usual, parseContentLine(utf8(` {"seq":7,"content":{${content}}}`)));
      assert.deepEqual(usual.contents.get("a")?.bytes, utf8(expected));
    }
  });

  test("says its entry as far as it has one", () => {
    assert.throws(() => parseContentLine(utf8('{"seq":1}')), { seq: 1 });
    assert.throws(() => parseContentLine(utf8('{"seq":-1,"content":{}}')), { seq: undefined });
    assert.throws(() => parseContentLine(utf8('{"seq":1,"content":{},"seq":2}')), isDamage);
    assert.throws(() => parseContentLine(utf8("[]")), { seq: undefined });
  });
});

function isDamage(error: unknown): boolean {
  return error instanceof SteleError && error.code === "JOURNAL_DAMAGED";
}
