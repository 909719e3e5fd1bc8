import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { utf8 } from "@stele/core/bytes";
import {
  commit,
  contentReferences,
  formatContentLine,
  isContentName,
  parseContentLine,
} from "@stele/core/content";
import { ZERO_HASH } from "@stele/core/hash";
import { primitives } from "./vectors/primitives.ts";

const name = fc
  .string({ unit: fc.constantFrom(..."abcXYZ019._-".split("")), minLength: 1, maxLength: 64 })
  .filter(isContentName);
const stored = fc.record(
  {
    salt: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    bytes: fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" }).map(utf8)),
  },
  { noNullPrototype: true },
);

test("any contents come back from their line, which is one line", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.array(fc.tuple(name, stored)), (seq, fields) => {
      const contents = new Map(fields);
      const line = formatContentLine(seq, contents);
      assert.equal(line.indexOf("\n"), line.length - 1);
      const read = parseContentLine(utf8(line.slice(0, -1)));
      assert.deepEqual({ seq: read.seq, contents: new Map(read.contents) }, { seq, contents });
    }),
  );
});

test("a commitment is the HMAC of the name and the bytes under the salt", () => {
  fc.assert(
    fc.property(name, stored, (field, content) => {
      const mac = createHmac("sha256", content.salt);
      const expected = mac.update(`stele/content/v1\0${field}\0`).update(content.bytes);
      assert.equal(commit(primitives, field, content), expected.digest("hex"));
    }),
  );
});

test("the end of a name cannot pass for the start of the bytes", () => {
  const salt = new Uint8Array(32);
  const commitments = [
    ["a", "b"],
    ["ab", ""],
    ["a", "\0b"],
    ["a", ""],
  ].map(([field = "", text = ""]) => commit(primitives, field, { salt, bytes: utf8(text) }));
  assert.equal(new Set(commitments).size, 4);
});

test("references of another form count for nothing", () => {
  const good = { mediaType: "text/plain", size: 1, commitment: ZERO_HASH };
  assert.deepEqual(contentReferences({ content: { a: good } }), new Map([["a", good]]));
  for (const content of [
    undefined,
    null,
    7,
    "text",
    [],
    { a: null },
    { a: 7 },
    { a: {} },
    { a: { commitment: "00" } },
    { "a b": good },
  ]) {
    assert.equal(contentReferences({ content }).size, 0);
  }
});
