import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arrayElements, objectMembers, type Range } from "../src/json-ranges.ts";

const spaces = fc.constantFrom("", " ", "\n\t", "\r\n  ");

/** JSON text with white space strewn between its tokens; the list is used round and round. */
function strew(value: unknown, gaps: readonly string[]): string {
  let used = 0;
  const gap = (): string => gaps[used++ % gaps.length]!;
  const write = (part: unknown): string => {
    if (Array.isArray(part)) return `[${part.map(spaced).join(",")}${gap()}]`;
    if (typeof part !== "object" || part === null) return JSON.stringify(part);
    const member = ([name, one]: [string, unknown]): string =>
      `${gap()}${JSON.stringify(name)}${gap()}:${spaced(one)}`;
    return `{${Object.entries(part).map(member).join(",")}${gap()}}`;
  };
  const spaced = (part: unknown): string => `${gap()}${write(part)}${gap()}`;
  return spaced(value);
}

function valueAt(text: Buffer, range: Range): unknown {
  return JSON.parse(text.subarray(range.start, range.end).toString());
}

test("members are found where JSON.parse finds them", () => {
  const objects = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue());
  fc.assert(
    fc.property(objects, fc.array(spaces, { minLength: 1 }), (object, gaps) => {
      const text = Buffer.from(strew(object, gaps));
      const found = objectMembers(text, 0).map((one) => [one.name, valueAt(text, one)]);
      assert.deepEqual(found, Object.entries(JSON.parse(text.toString()) as object));
    }),
  );
});

test("elements are found where JSON.parse finds them", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.array(spaces, { minLength: 1 }), (array, gaps) => {
      const text = Buffer.from(strew(array, gaps));
      const found = arrayElements(text, 0).map((range) => valueAt(text, range));
      assert.deepEqual(found, JSON.parse(text.toString()));
    }),
  );
});

test("ranges are exact: no white space around the value, its own bytes inside", () => {
  const text = Buffer.from(`{ "a" : {"b\\"}" : [1 , "]"] } , "n": -1.50e3 , "a":"x\\\\"}`);
  const ranges = objectMembers(text, 0).map(({ name, start, end }) => [
    name,
    text.subarray(start, end).toString(),
  ]);
  assert.deepEqual(ranges, [
    ["a", `{"b\\"}" : [1 , "]"] }`],
    ["n", "-1.50e3"],
    ["a", `"x\\\\"`],
  ]);
});

test("depth costs no stack, and backslashes no quadratic time", () => {
  const deep = Buffer.from(`{"a":${"[".repeat(1e6)}${"]".repeat(1e6)},"b":1}`);
  assert.deepEqual(
    objectMembers(deep, 0).map(({ name }) => name),
    ["a", "b"],
  );
  const escaped = Buffer.from(`{"a":"${'\\\\\\"'.repeat(1e6)}","b":1}`);
  assert.equal(objectMembers(escaped, 0).length, 2);
});
