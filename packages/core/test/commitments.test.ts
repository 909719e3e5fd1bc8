import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { commitmentsIn } from "@stele/core/commitments";

const HASH = "0123456789abcdef".repeat(4);
const OTHER = "f".repeat(64);
const reference = (hash = HASH, mediaType = "text/plain"): string =>
  `{"mediaType":"${mediaType}","size":10,"commitment":"${hash}"}`;
const SIGNATURE = `"signature":{"keyid":"00000000","sig":"${"A".repeat(86)}=="}`;

function commitments(event: string | Uint8Array): object {
  // What stands around it must not matter.
  const bytes = Buffer.concat([
    Buffer.from(`,${SIGNATURE}}${HASH}`),
    Buffer.from(event),
    Buffer.from('"}}}'),
  ]);
  const start = SIGNATURE.length + 2 + HASH.length;
  return Object.fromEntries(commitmentsIn(bytes, start, bytes.length - 4));
}

suite("an event commits to the contents", () => {
  const cases: readonly (readonly [string, string, object])[] = [
    ["that it names last", `{"type":"a","content":{"a":${reference()}}}`, { a: HASH }],
    ["in front of its signature", `{"content":{"a":${reference()}},${SIGNATURE}}`, { a: HASH }],
    [
      "of which one is named as a signature is, and is as long",
      `{"content":{"a":${reference()},"signature":${reference(OTHER)}}}`,
      { a: HASH, signature: OTHER },
    ],
    [
      "though what is signed elsewhere ends where a signature does",
      `{"content":{"a":${reference()}},"x":{"y":1,${SIGNATURE.replace("AA==", "A==")}}}`,
      {},
    ],
    [
      "whose names are escaped",
      `{"c\\u006fntent":{"\\u0061":${reference()}}}`.replaceAll("\\\\", "\\"),
      { a: HASH },
    ],
    ["beside a name twice", `{"a":1,"a":2,"content":{"a":${reference()}}}`, { a: HASH }],
    [
      "of two of one name to the last",
      `{"content":{"a":${reference()},"a":${reference(OTHER)}}}`,
      { a: OTHER },
    ],
    ["and to none that is not last", `{"content":{"a":${reference()}},"b":{"c":{"d":"e"}}}`, {}],
    ["and to none of another name", `{"content":{"a b":${reference()}}}`, {}],
    [
      "and to none whose commitment is not last",
      `{"content":{"a":{"commitment":"${HASH}","size":"1"}}}`,
      {},
    ],
    ["and to none in capitals", `{"content":{"a":${reference(HASH.toUpperCase())}}}`, {}],
    ["and to none in an array", `{"content":[{"a":{"commitment":"${HASH}"}}]}`, {}],
    ["and to none where there is none", "{}", {}],
  ];
  for (const [name, event, expected] of cases) {
    test(name, () => assert.deepEqual(commitments(event), expected));
  }

  test("whatever bytes are in other strings", () => {
    const event = Buffer.from(`{"x":"~","content":{"a":${reference(HASH, "~")}}}`);
    const broken = event.map((byte) => (byte === 0x7e ? 0xff : byte));
    assert.deepEqual(commitments(broken), { a: HASH });
  });
});
