import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesSecret, utf8 } from "@stele/core/bytes";

test("matchesSecret is exact in every byte, and at the ends", () => {
  const bytes = utf8("..secret!");
  assert.ok(matchesSecret(bytes, 2, "secret!"));
  assert.ok(matchesSecret(bytes, 2, "secret"));
  assert.ok(!matchesSecret(bytes, 2, "secret!!"));
  assert.ok(!matchesSecret(bytes, 1, "secret"));
  for (let at = 2; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes);
    changed[at]! ^= 1;
    assert.ok(!matchesSecret(changed, 2, "secret!"));
  }
});
