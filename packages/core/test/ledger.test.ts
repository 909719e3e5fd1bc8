import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { utf8 } from "@stele/core/bytes";
import { frontierLength } from "@stele/core/frontier";
import { ZERO_HASH, type Hash } from "@stele/core/hash";
import { signingKey } from "@stele/core/key";
import {
  checkedHash,
  formatHashField,
  formatHeader,
  formatLeaf,
  formatSeal,
  HASH_FIELD_BYTES,
  MAX_LEAF_BYTES,
  MAX_LINE_BYTES,
  parseHeader,
  parseSegmentName,
  sealedNote,
  segmentName,
} from "@stele/core/ledger";
import { primitives } from "./vectors/primitives.ts";
import { refuses } from "./vectors/read.ts";

const TIME = "2026-01-01T00:00:00.000Z";
const EVENT = '{"type":"note","data":"é"}';

/** An entry's line behind a newline, as it lies in a file, and its hash. */
function entryLine(): { bytes: Uint8Array; hash: Hash } {
  const leaf = formatLeaf({ seq: 0, prev: ZERO_HASH, time: TIME }, EVENT);
  const hash = primitives.sha256(utf8(`\0${leaf}`));
  return { bytes: utf8(`\n${leaf.slice(0, -1)}${formatHashField(hash)}`), hash };
}

suite("an entry's line", () => {
  test("has its leaf hash, and is as it was afterwards", () => {
    const { bytes, hash } = entryLine();
    const before = bytes.slice();
    assert.equal(checkedHash(primitives, bytes, 1, bytes.length - 1), hash);
    assert.deepEqual(bytes, before);
  });

  test("with any byte changed has not, and is as it was afterwards", () => {
    const { bytes } = entryLine();
    for (let index = 1; index < bytes.length - 1; index++) {
      const changed = bytes.slice();
      changed[index]! ^= 1;
      const before = changed.slice();
      const result = checkedHash(primitives, changed, 1, changed.length - 1);
      assert.ok(result === "malformed" || result === "mismatch", `offset ${index}: ${result}`);
      assert.deepEqual(changed, before);
    }
  });

  test("that is too short for a hash is malformed", () => {
    const { bytes } = entryLine();
    for (let end = 1; end < bytes.length - 1; end++) {
      assert.equal(checkedHash(primitives, bytes, 1, end), "malformed");
    }
  });

  test("is as long as its leaf and the hash field", () => {
    const leaf = formatLeaf({ seq: 0, prev: ZERO_HASH, time: TIME }, EVENT);
    const { bytes } = entryLine();
    assert.equal(bytes.length - 2, utf8(leaf).length - 1 + HASH_FIELD_BYTES);
    assert.equal(MAX_LINE_BYTES, MAX_LEAF_BYTES - 1 + HASH_FIELD_BYTES);
  });
});

suite("a header", () => {
  const hash = primitives.sha256(Buffer.of());
  const headerAt = (first: number): Parameters<typeof formatHeader>[0] => ({
    origin: "tests.example/ledger",
    first,
    prev: hash,
    frontier: Array.from({ length: frontierLength(first) }, () => hash),
  });

  test("of any first entry is read back", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (first) => {
        const text = formatHeader(headerAt(first));
        assert.equal(formatHeader(parseHeader(utf8(text))), text);
      }),
    );
  });

  test("with any byte changed or cut off is refused, or is another header", () => {
    const bytes = utf8(formatHeader(headerAt(5)));
    for (const [offset, byte] of bytes.entries()) {
      for (const changed of [byte ^ 1, byte ^ 0x80, 0]) {
        const other = bytes.slice();
        other[offset] = changed;
        try {
          assert.deepEqual(utf8(formatHeader(parseHeader(other))), other);
        } catch (error) {
          const { code } = error as { code?: string };
          assert.ok(code === "JOURNAL_DAMAGED" || code === "JOURNAL_NEWER_FORMAT", String(error));
        }
      }
      refuses("JOURNAL_DAMAGED", () => parseHeader(bytes.subarray(0, offset)), `cut at ${offset}`);
    }
  });

  test("of a newer format is told apart from damage", () => {
    const text = formatHeader(headerAt(0));
    for (const version of ["2", "10", "999999999999999"]) {
      const newer = text.replace(":1,", `:${version},"more":[],`);
      refuses("JOURNAL_NEWER_FORMAT", () => parseHeader(utf8(newer)), version);
    }
    for (const version of ["0", "-1", "1.5", '"2"', "null", "9".repeat(16)]) {
      const other = text.replace(":1,", `:${version},`);
      refuses("JOURNAL_DAMAGED", () => parseHeader(utf8(other)), version);
    }
  });
});

test("a seal holds its note", () => {
  const key = signingKey(primitives, "tests.example/ledger", new Uint8Array(32));
  const line = formatSeal({ origin: key.name, size: 1, root: ZERO_HASH }, key, new Uint8Array(64));
  assert.ok(line.endsWith('\\n"}\n'));
  assert.match(sealedNote(utf8(line))!, /^tests\.example\/ledger\n1\nA+=\n\n\u2014 tests\.example/);
  for (const other of ["", "x", "null", "[]", "{}", '{"seal":1}', '{"seal":null}', "\ud800"]) {
    assert.equal(sealedNote(utf8(other)), undefined);
  }
});

test("a segment is named by its first entry, in twenty digits", () => {
  for (const first of [0, 1, 99, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    const name = segmentName(first);
    assert.equal(name.length, 26);
    assert.equal(parseSegmentName(name), first);
  }
  const digits = "0".repeat(20);
  for (const name of [
    "",
    "0.jsonl",
    `${digits}.json`,
    `${digits}.jsonl.tmp`,
    `x${digits}.jsonl`,
    `${digits}0.jsonl`,
    `${"9".repeat(20)}.jsonl`,
    `${digits}.jsonl\n`,
  ]) {
    assert.equal(parseSegmentName(name), undefined, name);
  }
});
