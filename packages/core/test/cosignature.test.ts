import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { concatBytes, utf8 } from "@stele/core/bytes";
import { cosign, verifyCosignatures } from "@stele/core/cosignature";
import {
  formatVerifierKey,
  parseVerifierKey,
  signingKey,
  verifierKey,
  type SigningKey,
} from "@stele/core/key";
import { formatSignatureLine, parseNote } from "@stele/core/note";
import { primitives } from "./vectors/primitives.ts";
import { readVectors, refuses } from "./vectors/read.ts";

const vectors = readVectors("c2sp/cosignature.json") as {
  readonly ed25519: readonly {
    readonly vkey: string;
    readonly timestamp: number;
    readonly note: string;
    readonly ed25519SeedHex: string;
    readonly signatureLine: string;
  }[];
  readonly vkeyConversion: readonly { ed25519Vkey: string; cosignatureVkey: string }[];
  readonly validCosignatureVkeys: readonly string[];
};

const TEXT = "tests.example/log\n3\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
const MAX = 2 ** 53 - 1;

function witness(seedByte: number, name = "tests.example/witness"): SigningKey {
  return signingKey(primitives, name, new Uint8Array(32).fill(seedByte), "cosignature");
}

const first = witness(1);
const second = witness(2);

function verify(lines: string, keys = [first, second]): readonly (readonly [string, number])[] {
  const note = parseNote(utf8(`${TEXT}\n${lines}`));
  return verifyCosignatures(primitives, note, keys).map(
    ({ key, timestamp }) => [key.keyId, timestamp] as const,
  );
}

suite("cosignature.json", () => {
  test("lines are signed byte for byte, and verify among other signatures", () => {
    for (const { vkey, timestamp, note, ed25519SeedHex, signatureLine } of vectors.ed25519) {
      const key = parseVerifierKey(primitives, vkey, ["cosignature"]);
      const seed = Uint8Array.from(Buffer.from(ed25519SeedHex, "hex"));
      const signing = signingKey(primitives, key.name, seed, "cosignature");
      const parsed = parseNote(utf8(note));
      assert.equal(formatVerifierKey(signing), vkey);
      assert.equal(cosign(primitives, signing, parsed.text, timestamp), signatureLine);
      assert.deepEqual(verifyCosignatures(primitives, parsed, [key]), [{ key, timestamp }]);
    }
  });

  test("one key has another id as a witness's than as a log's", () => {
    for (const { ed25519Vkey, cosignatureVkey } of vectors.vkeyConversion) {
      const { name, publicKey } = parseVerifierKey(primitives, ed25519Vkey);
      const converted = verifierKey(primitives, name, publicKey, "cosignature");
      assert.equal(formatVerifierKey(converted), cosignatureVkey);
    }
    for (const vkey of vectors.validCosignatureVkeys) {
      assert.equal(parseVerifierKey(primitives, vkey, ["cosignature"]).type, "cosignature");
    }
  });
});

suite("cosignatures", () => {
  test("are found for the keys asked for, in the keys' order, the latest of each", () => {
    const lines = [
      cosign(primitives, second, TEXT, 30),
      cosign(primitives, first, TEXT, 20),
      cosign(primitives, witness(3), TEXT, 99),
      cosign(primitives, first, TEXT, 10),
    ].join("");
    assert.deepEqual(verify(lines), [
      [first.keyId, 20],
      [second.keyId, 30],
    ]);
    assert.deepEqual(verify(lines, [second]), [[second.keyId, 30]]);
    assert.deepEqual(verify(lines, []), []);
  });

  test("carry times from 0 to 2^53 - 1", () => {
    for (const time of [0, 1, 2 ** 32 - 1, 2 ** 32, MAX]) {
      assert.deepEqual(verify(cosign(primitives, first, TEXT, time)), [[first.keyId, time]]);
    }
    for (const time of [-1, 1.5, MAX + 1, Number.NaN]) {
      assert.throws(() => cosign(primitives, first, TEXT, time), RangeError);
    }
  });

  test("of a later time than 2^53 - 1 are refused, though they are signed", () => {
    const time = utf8("\u0000\u0020\u0000\u0000\u0000\u0000\u0000\u0000");
    const message = utf8(`cosignature/v1\ntime ${2n ** 53n}\n${TEXT}`);
    const signature = concatBytes([time, primitives.sign(first.seed, message)]);
    const line = formatSignatureLine(first, signature);
    refuses("NOTE_UNVERIFIED", () => verify(line), "2^53");
  });

  test("by a known key are refused when any of them is wrong", () => {
    const right = cosign(primitives, first, TEXT, 10);
    const wrong = [
      cosign(primitives, first, `${TEXT}more\n`, 10),
      formatSignatureLine(first, primitives.sign(first.seed, utf8(TEXT))),
      formatSignatureLine(first, new Uint8Array(72)),
      formatSignatureLine(first, Uint8Array.of(1)),
    ];
    for (const line of wrong) {
      refuses("NOTE_UNVERIFIED", () => verify(line), line);
      refuses("NOTE_UNVERIFIED", () => verify(right + line), line);
      refuses("NOTE_UNVERIFIED", () => verify(line + right), line);
      assert.deepEqual(verify(line, [second]), [], "an unknown key's");
    }
  });

  test("with any byte changed are refused", () => {
    const bytes = Buffer.from(cosign(primitives, first, TEXT, 10).split(" ")[2]!, "base64");
    for (let at = 4; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      const line = formatSignatureLine(first, changed.subarray(4));
      refuses("NOTE_UNVERIFIED", () => verify(line), `byte ${at}`);
    }
  });

  test("are made and verified with keys of that type alone", () => {
    const log = signingKey(primitives, "tests.example/log", new Uint8Array(32).fill(1));
    assert.throws(() => cosign(primitives, log, TEXT, 10), RangeError);
    const time = new Uint8Array(8);
    const message = utf8(`cosignature/v1\ntime 0\n${TEXT}`);
    const line = formatSignatureLine(log, concatBytes([time, primitives.sign(log.seed, message)]));
    refuses("NOTE_UNVERIFIED", () => verify(line, [log]), "a log's key");
  });
});
