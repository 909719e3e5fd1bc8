import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hasMember } from "@stele/core/json";

const names = fc.constantFrom("name", "nam", "name ", "", "é", 'na"me', "n\\ame");
const object = fc.dictionary(names, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });

/** Some characters of the text's strings as escapes: the same members. */
function escaped(text: string): string {
  return text.replace(/[mé]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

test("an object has the members that it has at its top, however their names are escaped", () => {
  const property = fc.property(object, names, (value, name) => {
    const text = JSON.stringify(value);
    for (const one of [text, escaped(text)]) {
      assert.equal(hasMember(Buffer.from(one), name), Object.hasOwn(value, name), one);
    }
  });
  fc.assert(property);
});

test("strings that are not UTF-8 hide no member behind them", () => {
  for (const broken of [[0xff], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xc0, 0xa2]]) {
    const text = Buffer.from('{"a~":"~","name":["~"]}', "latin1");
    const bytes = Buffer.concat(
      [...text].map((byte) => (byte === 0x7e ? Buffer.from(broken) : Buffer.from([byte]))),
    );
    assert.equal(hasMember(bytes, "name"), true);
    assert.equal(hasMember(bytes, "a"), false);
  }
});
