import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SteleError } from "@stele/core/error";
import { parseJson, type JsonOptions } from "@stele/core/json";
import { ACCEPTED, REJECTED } from "./texts.ts";

function refusal(text: string, options?: JsonOptions): SteleError {
  try {
    parseJson(text, options);
  } catch (error) {
    assert.ok(error instanceof SteleError, String(error));
    return error;
  }
  return assert.fail(`${text} was accepted`);
}

function refuses(text: string, code: string, offset: number): void {
  const error = refusal(text);
  assert.deepEqual([error.code, error.offset], [code, offset], `${JSON.stringify(text)}: ${error}`);
}

describe("parseJson: grammar", () => {
  test("accepts what the grammar allows, keeps tokens, drops white space", () => {
    for (const [text, compact = text] of ACCEPTED) {
      assert.deepEqual(parseJson(text), { value: JSON.parse(text), text: compact });
    }
  });

  test("refuses everything else with the offset of the first wrong character", () => {
    for (const [text, offset] of REJECTED) {
      assert.throws(() => JSON.parse(text), SyntaxError, text);
      refuses(text, "JSON_SYNTAX", offset);
    }
  });

  test("the message names line, column, what was expected and what is there", () => {
    const messages: readonly (readonly [string, string])[] = [
      ["", "expected a value, found the end of the text at line 1, column 1"],
      ["\ufeff{}", "expected a value, found U+FEFF at line 1, column 1"],
      ['{\n  "a": 01\n}', 'expected "," or "}", found "1" at line 2, column 9'],
      ["[1,\r\n\r\n x]", 'expected a value, found "x" at line 3, column 2'],
      ['{"a":1,}', 'expected a name in double quotes, found "}" at line 1, column 8'],
      [
        '["a\tb"]',
        "expected an escape for this control character, found U+0009 at line 1, column 4",
      ],
      ['"\\q"', 'expected one of "\\/bfnrtu, found "q" at line 1, column 3'],
      ["[1] 😀", 'expected the end of the text, found "😀" at line 1, column 5'],
    ];
    for (const [text, message] of messages) assert.equal(refusal(text).message, message);
  });
});

describe("parseJson: names", () => {
  test("twice in an object are refused where the second starts, even if an escape hides it", () => {
    refuses('{"a":1,"a":1}', "JSON_DUPLICATE_KEY", 7);
    refuses('{"a":1,"b":{"c":1,"\\u0063":2}}', "JSON_DUPLICATE_KEY", 18);
    refuses('{"":1,"":2}', "JSON_DUPLICATE_KEY", 6);
    refuses('{"7":1,"7":2}', "JSON_DUPLICATE_KEY", 7);
    refuses('{"__proto__":1,"__proto__":2}', "JSON_DUPLICATE_KEY", 15);
    const { message } = refusal('{"a\\nb":1,"a\\nb":1}');
    assert.equal(message, 'a second member with the name "a\\nb" at line 1, column 11');
  });

  test("in different objects are no duplicates", () => {
    parseJson('[{"a":{"a":1}},{"a":1}]');
  });

  test("escaped names are not taken for names of texts before, as V8's JSON.parse can", () => {
    parseJson('{"a":0,"\\\\":0}');
    const { value } = parseJson('{"a":0,"\\"":0}');
    assert.deepEqual(Object.keys(value as object), ["a", '"']);
  });

  test("a long name does not flood the message", () => {
    const name = JSON.stringify("n".repeat(10_000));
    assert.ok(refusal(`{${name}:1,${name}:2}`).message.length < 200);
  });
});

describe("parseJson: lone surrogates", () => {
  test("are refused raw, escaped, mixed, in names and in values", () => {
    for (const [text, offset] of [
      ['"\ud83d"', 1],
      ['"a\ude00"', 2],
      ['"\ude00\ud83d"', 1],
      ['"\ud83d\ud83d\ude00"', 1],
      ['"\\ud83d"', 1],
      ['"\\uDE00"', 1],
      ['"\\uD83D\\n"', 1],
      ['"\\uD83D\\u0041"', 1],
      ['"\\uD83D\\uD83D\\uDE00"', 1],
      ['"\ud83d\\uDE00"', 1],
      ['"\\ud83d\ude00"', 1],
      ['{"\ud83d":1}', 2],
      ['{"a":["\\ud83d"]}', 7],
    ] as const) {
      refuses(text, "JSON_LONE_SURROGATE", offset);
    }
  });
});

const INEXACT = [
  "9007199254740993",
  "-9007199254740993",
  "12345678901234567890",
  "0.1000000000000000055511",
  "0.30000000000000001",
  "1e400",
  "-1e400",
  "1e-400",
  "4e-324",
  "1e99999999999999999999",
  "1e-99999999999999999999",
  "100000000000000000000000000000000001",
];

const EXACT = [
  "0.30000000000000004",
  "1700000000000.123",
  "9007199254740992",
  "9007199254740994",
  "10000000000000000000000",
  "0.000000000000000000000000000000001",
  "1.00000000000000000000000000000000",
  "0.1000000000000000000000000e+0001",
  "0.00000000000000000",
  "-0e99999999999999999999",
  "1.7976931348623157e308",
  "179769313486231570e291",
  "5e-324",
  "2.2250738585072014E-308",
];

describe("parseJson: numbers", () => {
  test("that a double prints back are kept in their own spelling", () => {
    for (const text of EXACT) assert.deepEqual(parseJson(text), { value: Number(text), text });
  });

  test("that a double changes are refused", () => {
    for (const text of INEXACT) {
      refuses(text, "JSON_NUMBER_INEXACT", 0);
      refuses(`{"a":[0, ${text}]}`, "JSON_NUMBER_INEXACT", 9);
    }
    const { message } = refusal("9007199254740993");
    const expected = "the number 9007199254740993 would become 9007199254740992 in a double";
    assert.equal(message, `${expected} at line 1, column 1`);
  });

  test("that a double changes become strings on request, in value and text", () => {
    for (const token of INEXACT) {
      const { value, text } = parseJson(` [ ${token} , 0.5 ] `, { inexactNumbers: "string" });
      assert.deepEqual(value, [token, 0.5]);
      assert.equal(text, `["${token}",0.5]`);
    }
  });

  test("of a million digits are read in linear time", () => {
    const zeros = "0".repeat(1_000_000);
    assert.equal(parseJson(`0.${zeros}1e1000001`).value, 1);
    refuses(`1${zeros}1`, "JSON_NUMBER_INEXACT", 0);
  });
});

describe("parseJson: members of any name are own properties", () => {
  test("__proto__ does not reach the prototype", () => {
    const { value, text } = parseJson('{"__proto__":{"polluted":1},"constructor":2,"toString":3}');
    assert.deepEqual(Object.keys(value as object), ["__proto__", "constructor", "toString"]);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    assert.equal(JSON.stringify(value), text);
  });

  test("a number is no member either", () => {
    const { value } = parseJson('{"__proto__":1}');
    assert.deepEqual(Object.entries(value as object), [["__proto__", 1]]);
  });
});

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

describe("parseJson: depth", () => {
  test("128 levels are read, the bracket of the 129th is refused", () => {
    parseJson(nested(128));
    refuses(nested(129), "JSON_TOO_DEEP", 128);
    refuses('{"a":'.repeat(200), "JSON_TOO_DEEP", 128 * 5);
  });

  test("maxDepth counts objects and arrays in each other", () => {
    parseJson("1", { maxDepth: 0 });
    parseJson("[{},[],{}]", { maxDepth: 2 });
    assert.equal(refusal("[{},[[]],{}]", { maxDepth: 2 }).offset, 5);
    parseJson(nested(1000), { maxDepth: 1000 });
  });

  test("a bomb is refused, not run out of stack on", () => {
    refuses("[".repeat(1_000_000), "JSON_TOO_DEEP", 128);
    const error = refusal('[{"a":'.repeat(1_000_000), { maxDepth: 1000 });
    assert.equal(error.code, "JSON_TOO_DEEP");
  });

  test("a maxDepth that the stack may not hold is refused", () => {
    for (const maxDepth of [-1, 1.5, 1001, Number.NaN]) {
      assert.equal(refusal("1", { maxDepth }).code, "OPTION_INVALID");
    }
  });
});
