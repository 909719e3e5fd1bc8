import assert from "node:assert/strict";
import { test } from "node:test";
import { fromWhole, MAX_WHOLE, saturatingAdd, toWhole } from "@stele/core/whole-number";
import fc from "fast-check";

const whole = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX_WHOLE }),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.bigInt({ min: MAX_WHOLE - 3n, max: MAX_WHOLE }),
);

test("every whole number of 64 bits survives a record", () => {
  fc.assert(
    fc.property(whole, (value) => {
      const written: unknown = JSON.parse(JSON.stringify(fromWhole(value)));
      assert.equal(toWhole(written), value);
      assert.equal(toWhole(value), value);
      assert.equal(toWhole(String(value)), value);
    }),
  );
});

test("a number that a double may have rounded is a string in a record", () => {
  assert.equal(fromWhole(2n ** 53n - 1n), Number.MAX_SAFE_INTEGER);
  assert.equal(fromWhole(2n ** 53n), "9007199254740992");
  assert.equal(fromWhole(MAX_WHOLE), "18446744073709551615");
  assert.throws(() => fromWhole(-1n), RangeError);
  assert.throws(() => fromWhole(MAX_WHOLE + 1n), RangeError);
});

test("what is not a whole number of 64 bits is none", () => {
  const numbers = [-1, 1.5, 2 ** 53, NaN, Infinity, -1n, MAX_WHOLE + 1n];
  const strings = ["", "-1", "+1", "01", "1.0", "1e3", "0x10", " 1", "1\n", "18446744073709551616"];
  for (const untrusted of [...numbers, ...strings, "1".repeat(1000), null, undefined, true, [1]]) {
    assert.equal(toWhole(untrusted), undefined, String(untrusted));
  }
});

test("sums stop at 2^64 - 1", () => {
  fc.assert(
    fc.property(whole, whole, (a, b) => {
      const sum = saturatingAdd(a, b);
      assert.equal(sum, a + b > MAX_WHOLE ? MAX_WHOLE : a + b);
    }),
  );
});
