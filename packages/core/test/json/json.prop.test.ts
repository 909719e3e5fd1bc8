import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { SteleError } from "@stele/core/error";
import { checkJsonObject, parseJson } from "@stele/core/json";

const encoder = new TextEncoder();

const anyJson = fc
  .jsonValue({ stringUnit: "binary", maxDepth: 4 })
  .map((value) => JSON.stringify(value));

/**
 * Short, of few and telling names and characters, without white space: edits of it often stay JSON.
 * No name has a backslash, since after such a name V8's JSON.parse misreads others (nodejs/node
 * issue 63785), and the tests compare with it.
 */
const denseJson = fc
  .object({
    key: fc.constantFrom("a", "b", "", "é", "__proto__", "1"),
    values: [
      fc.constantFrom(0, -1, 1.5, 1e21, 1e-7, true, false, null, [], {}),
      fc.string({ unit: fc.constantFrom("a", "u", "0", '"', "\\", "\n", "é", "😀", "d8") }),
    ],
    maxDepth: 3,
  })
  .map((value) => JSON.stringify(value));

/** A text with one character put in, taken out or replaced. */
function edited(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const characters = '"\\{}[],:0123456789-+.eEtrufalsndb/é\t\u0000\ud83d\ude00'.split("");
  return fc
    .record({
      text,
      place: fc.nat(),
      removed: fc.nat(1),
      added: fc.constantFrom("", ...characters),
    })
    .map(({ text: whole, place, removed, added }) => {
      const at = place % (whole.length + 1);
      return whole.slice(0, at) + added + whole.slice(at + removed);
    });
}

function parsedOrUndefined(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

describe("parseJson, any text", () => {
  test("reads what JSON.stringify writes, and gives it back", () => {
    const property = fc.property(anyJson, (text) => {
      const parsed = parseJson(text);
      assert.equal(parsed.text, text);
      assert.equal(JSON.stringify(parsed.value), text);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("drops white space between tokens and nothing else", () => {
    const property = fc.property(anyJson, fc.constantFrom(" ", "\t", "   "), (text, indent) => {
      const indented = JSON.stringify(parseJson(text).value, null, indent);
      assert.equal(parseJson(indented).text, text);
    });
    fc.assert(property);
  });

  test("agrees with JSON.parse or refuses by a code, after any single edit", () => {
    const property = fc.property(edited(denseJson), agreesWithJsonParse);
    fc.assert(property, { numRuns: 3000 });
  });

  test("every double is exact as JavaScript prints it, and never with a digit more", () => {
    const double = fc.double({ noDefaultInfinity: true, noNaN: true }).filter((n) => n !== 0);
    const property = fc.property(double, (value) => {
      for (const text of [String(value), value.toExponential()]) {
        assert.deepEqual(parseJson(text), { value, text });
      }
      const [mantissa = "", exponent = "0"] = value.toExponential(20).split("e");
      const longer = `${mantissa}0000000001e${exponent}`;
      assert.throws(() => parseJson(longer), { code: "JSON_NUMBER_INEXACT" });
    });
    fc.assert(property, { numRuns: 500 });
  });
});

function agreesWithJsonParse(text: string): void {
  const theirs = parsedOrUndefined(text);
  try {
    const ours = parseJson(text);
    assert.deepEqual(ours.value, theirs?.value);
    assert.deepEqual(parseJson(ours.text), ours);
  } catch (error) {
    if (!(error instanceof SteleError)) throw error;
    assert.match(error.code, /^JSON_(SYNTAX|DUPLICATE_KEY|LONE_SURROGATE|NUMBER_INEXACT)$/);
    assert.ok(error.offset !== undefined && error.offset >= 0 && error.offset <= text.length);
    if (error.code === "JSON_SYNTAX") assert.equal(theirs, undefined, error.message);
  }
}

describe("checkJsonObject, any bytes", () => {
  test("accepts every object that JSON.stringify writes", () => {
    const property = fc.property(anyJson, (text) => {
      const bytes = encoder.encode(`{"a":${text}}`);
      assert.equal(checkJsonObject(bytes, 0, bytes.length), -1);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("agrees with JSON.parse after any single edit, and names the first wrong byte", () => {
    const property = fc.property(edited(denseJson), (text) => {
      const bytes = encoder.encode(text);
      const wrong = checkJsonObject(bytes, 0, bytes.length);
      const theirs = parsedOrUndefined(text);
      const compact = theirs !== undefined && text.startsWith("{") && !text.includes("\t");
      assert.equal(wrong === -1, compact);
      if (wrong === -1) return;
      // What lies before the wrong byte is not wrong yet, and what lies behind it does not matter.
      assert.ok([-1, wrong].includes(checkJsonObject(bytes, 0, wrong)));
      bytes.fill(0x7d, wrong + 1);
      assert.equal(checkJsonObject(bytes, 0, bytes.length), wrong);
    });
    fc.assert(property, { numRuns: 3000 });
  });
});
