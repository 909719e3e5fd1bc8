import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { SteleError } from "@stele/core/error";
import {
  formatSigningKey,
  formatVerifierKey,
  isKeyName,
  keyIdBytes,
  parseSigningKey,
  parseVerifierKey,
  sameKey,
  signingKey,
} from "@stele/core/key";
import { primitives } from "./vectors/primitives.ts";

const key = signingKey(primitives, "tests.example/keys", new Uint8Array(32).fill(5));
const VKEY = formatVerifierKey(key);
const SKEY = formatSigningKey(key);

suite("a key as text", () => {
  test("is read back", () => {
    const { type, name, keyId, publicKey, seed } = key;
    assert.deepEqual(parseVerifierKey(primitives, VKEY), {
      type,
      name,
      keyId,
      publicKey: new Uint8Array(publicKey),
    });
    assert.deepEqual(new Uint8Array(parseSigningKey(primitives, SKEY).seed), new Uint8Array(seed));
  });

  test("with any character changed, missing or doubled is refused, and the secret not repeated", () => {
    for (const [text, parse] of [
      [VKEY, parseVerifierKey],
      [SKEY, parseSigningKey],
    ] as const) {
      const secret = SKEY.split("+").at(-1)!.slice(4, 16);
      for (let index = 0; index < text.length; index++) {
        for (const put of ["", "A", "+", "/", "=", " ", "\n", "0", "é", text[index]!.repeat(2)]) {
          const changed = text.slice(0, index) + put + text.slice(index + 1);
          if (changed === text) continue;
          assert.throws(
            () => parse(primitives, changed),
            (error) => {
              assert.ok(error instanceof SteleError && error.code === "KEY_MALFORMED", changed);
              return text === VKEY || !error.message.includes(secret);
            },
            changed,
          );
        }
      }
    }
  });

  test("of another type or length is refused", () => {
    const typed = (bytes: readonly number[]): string =>
      `${key.name}+${key.keyId}+${Buffer.from(bytes).toString("base64")}`;
    const body = [...key.publicKey];
    for (const bytes of [
      [],
      [1],
      [2, ...body],
      [0, ...body],
      [1, ...body, 0],
      [1, ...body.slice(1)],
    ]) {
      assert.throws(() => parseVerifierKey(primitives, typed(bytes)), { code: "KEY_MALFORMED" });
    }
    assert.ok(parseVerifierKey(primitives, typed([1, ...body])));
  });

  test("any name and seed come back", () => {
    const name = fc.string({ minLength: 1, maxLength: 255 }).filter(isKeyName);
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(name, seed, (anyName, anySeed) => {
        const made = signingKey(primitives, anyName, anySeed);
        assert.ok(sameKey(parseVerifierKey(primitives, formatVerifierKey(made)), made));
        assert.ok(sameKey(parseSigningKey(primitives, formatSigningKey(made)), made));
      }),
    );
  });
});

test("a name is printable ASCII that needs no escape anywhere", () => {
  for (let code = 0; code < 0x200; code++) {
    const letter = String.fromCharCode(code);
    const good = code > 0x20 && code < 0x7f && !'+"\\'.includes(letter);
    assert.equal(isKeyName(`a${letter}b`), good, JSON.stringify(letter));
  }
  assert.equal(isKeyName("x".repeat(255)), true);
  for (const name of ["", "x".repeat(256), undefined, null, 7])
    assert.equal(isKeyName(name), false);
});

test("a key id is four bytes of hex", () => {
  assert.deepEqual([...keyIdBytes("0001fe7f")], [0, 1, 254, 127]);
  for (const id of ["", "0001fe", "0001FE7f", "0001fe7f00", "xxxxxxxx"]) {
    assert.throws(() => keyIdBytes(id), RangeError);
  }
});
