import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromBase64, toBase64 } from "../src/base64.ts";

test("any bytes come back, as Node writes them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = toBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString("base64"));
      assert.deepEqual(fromBase64(text), bytes);
    }),
  );
});

test("a text that is not the one text of its bytes is refused", () => {
  const letters = fc.constantFrom(..."AQgwBb9z+/=-_ \n\u0100é".split(""));
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 12 }), (text) => {
      const canonical = Buffer.from(text, "base64").toString("base64") === text;
      assert.equal(fromBase64(text) !== undefined, canonical);
    }),
    { numRuns: 5000 },
  );
});

test("every text of four letters is either canonical or refused", () => {
  const letters = "AEQgwz9+/=".split("");
  for (const a of letters) {
    for (const b of letters) {
      for (const c of letters) {
        for (const d of letters) {
          const text = a + b + c + d;
          const canonical = Buffer.from(text, "base64").toString("base64") === text;
          assert.equal(fromBase64(text) !== undefined, canonical, text);
        }
      }
    }
  }
});
