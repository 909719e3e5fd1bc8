import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { suite, test } from "node:test";
import { EMPTY_ROOT, isHash } from "@stele/core/hash";
import type { Hash } from "@stele/core/hash";
import { nodeEd25519, nodeHasher, systemClock, systemRandom } from "@stele/store/node";

suite("nodeHasher", () => {
  test("sha256 is SHA-256, also of shared bytes", () => {
    assert.equal(nodeHasher.sha256(new Uint8Array()), EMPTY_ROOT);
    const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(7);
    assert.equal(nodeHasher.sha256(shared), nodeHasher.sha256(new Uint8Array(shared)));
  });

  test("node is the RFC 6962 node hash", () => {
    const [left, right] = ["ab", "cd"].map((byte) => byte.repeat(32) as Hash) as [Hash, Hash];
    const input = Buffer.from(`01${left}${right}`, "hex");
    assert.equal(nodeHasher.node(left, right), createHash("sha256").update(input).digest("hex"));
    assert.notEqual(nodeHasher.node(right, left), nodeHasher.node(left, right));
  });

  test("hmacSha256 covers the parts as one", () => {
    const key = systemRandom.bytes(32);
    const whole = nodeHasher.hmacSha256(key, [Buffer.from("one two")]);
    assert.ok(isHash(whole));
    assert.equal(whole, nodeHasher.hmacSha256(key, [Buffer.from("one "), Buffer.from("two")]));
    assert.equal(whole, createHmac("sha256", key).update("one two").digest("hex"));
  });
});

suite("nodeEd25519", () => {
  // RFC 8032 section 7.1, test 2.
  const seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const publicKey = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const message = hex("72");
  const signature = hex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );

  test("matches the RFC's vector", () => {
    assert.deepEqual(nodeEd25519.publicKey(seed), publicKey);
    assert.deepEqual(nodeEd25519.sign(seed, message), signature);
    assert.ok(nodeEd25519.verify(publicKey, message, signature));
  });

  test("verify refuses any changed byte, any other length and a malleable signature", () => {
    for (let index = 0; index < 64; index++) {
      assert.ok(!nodeEd25519.verify(publicKey, message, changed(signature, index)));
    }
    for (const bytes of [new Uint8Array(), signature.subarray(1), hex("00".repeat(65))]) {
      assert.ok(!nodeEd25519.verify(publicKey, message, bytes));
    }
    for (const key of [new Uint8Array(), publicKey.subarray(1), hex("ff".repeat(32))]) {
      assert.ok(!nodeEd25519.verify(key, message, signature));
    }
    assert.ok(!nodeEd25519.verify(publicKey, new Uint8Array(), signature));
    assert.ok(!nodeEd25519.verify(publicKey, message, withOrderAdded(signature)));
  });

  test("keys are told apart, however many there are", () => {
    const seeds = Array.from({ length: 40 }, () => systemRandom.bytes(32));
    for (const one of [...seeds, ...seeds]) {
      const signed = nodeEd25519.sign(one, message);
      assert.ok(nodeEd25519.verify(nodeEd25519.publicKey(one), message, signed));
      assert.ok(!nodeEd25519.verify(publicKey, message, signed));
    }
  });

  test("a seed of another length is KEY_MALFORMED", () => {
    assert.throws(() => nodeEd25519.sign(seed.subarray(1), message), { code: "KEY_MALFORMED" });
    assert.throws(() => nodeEd25519.publicKey(new Uint8Array()), { code: "KEY_MALFORMED" });
  });
});

test("systemClock's delay can be aborted", async () => {
  const beforeMs = systemClock.nowMs();
  await systemClock.turn();
  await systemClock.delay(2);
  assert.ok(systemClock.nowMs() >= beforeMs);
  const controller = new AbortController();
  const delay = systemClock.delay(60_000, controller.signal);
  controller.abort();
  await assert.rejects(delay, { name: "AbortError" });
});

test("systemRandom gives as many bytes as asked for", () => {
  assert.equal(systemRandom.bytes(32).byteLength, 32);
  assert.notDeepEqual(systemRandom.bytes(32), systemRandom.bytes(32));
});

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

function changed(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.map((byte, at) => (at === index ? byte ^ 1 : byte));
}

/** The same signature with S + L in place of S (RFC 8032 section 5.1.7 demands S < L). */
function withOrderAdded(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const bigEndian = Buffer.from(signature.subarray(32).toReversed()).toString("hex");
  const s = (BigInt(`0x${bigEndian}`) + order).toString(16).padStart(64, "0");
  return Buffer.concat([signature.subarray(0, 32), hex(s).toReversed()]);
}
