import assert from "node:assert/strict";
import { test } from "node:test";
import { matchLines } from "./match.ts";

test("a placeholder matches its kind of text and nothing else", () => {
  const line = '{"hash":"[hash]","time":"[time]","n":[number]}';
  const good = `{"hash":"${"0a".repeat(32)}","time":"2026-11-20T23:35:32.768Z","n":12}`;
  assert.deepEqual(matchLines([line], [good]), [line]);
  const bad = good.replace("0a", "0A");
  assert.deepEqual(matchLines([line], [bad]), [bad]);
});

test("text without placeholders is compared as it is", () => {
  assert.deepEqual(matchLines(["[a-z]+ (1.5)"], ["[a-z]+ (1.5)"]), ["[a-z]+ (1.5)"]);
  assert.deepEqual(matchLines(["a.c"], ["abc"]), ["abc"]);
});

test("[...] covers any lines up to the one that follows it", () => {
  const expected = ["first", "[...]", "last"];
  assert.deepEqual(matchLines(expected, ["first", "last"]), expected);
  assert.deepEqual(matchLines(expected, ["first", "a", "b", "last"]), expected);
  assert.notDeepEqual(matchLines(expected, ["first", "a", "b"]), expected);
  assert.notDeepEqual(matchLines(expected, ["first", "last", "more"]), expected);
  assert.deepEqual(matchLines(["[...]"], []), ["[...]"]);
});

test("missing and extra lines make a difference", () => {
  assert.deepEqual(matchLines(["a", "b"], ["a"]), ["a"]);
  assert.deepEqual(matchLines(["a"], ["a", "b"]), ["a", "b"]);
});
