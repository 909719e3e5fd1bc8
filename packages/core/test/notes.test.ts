import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { signingKey } from "@stele/core/key";
import {
  formatSignatureLine,
  MAX_NOTE_BYTES,
  MAX_NOTE_SIGNATURES,
  parseNote,
  verifyNote,
} from "@stele/core/note";
import { primitives } from "./vectors/primitives.ts";
import { refuses } from "./vectors/read.ts";

const key = signingKey(primitives, "tests.example/notes", new Uint8Array(32).fill(1));
const other = signingKey(primitives, "tests.example/notes", new Uint8Array(32).fill(2));
const TEXT = "first line\nsecond line é\n";
const LINE = formatSignatureLine(key, primitives.sign(key.seed, utf8(TEXT)));
const OTHER_LINE = formatSignatureLine(other, primitives.sign(other.seed, utf8(TEXT)));
const NOTE = utf8(`${TEXT}\n${LINE}`);

function verify(untrusted: Uint8Array): void {
  verifyNote(primitives, parseNote(untrusted), key);
}

suite("a signed note", () => {
  test("is parsed and verifies", () => {
    verify(NOTE);
    const { text, signatures } = parseNote(NOTE);
    assert.equal(text, TEXT);
    assert.deepEqual(
      signatures.map(({ name, keyId }) => ({ name, keyId })),
      [{ name: key.name, keyId: key.keyId }],
    );
  });

  test("with any byte changed is refused", () => {
    for (const [offset, byte] of NOTE.entries()) {
      for (const changed of new Set([(byte + 1) % 256, byte ^ 0x80, 0x0a, 0])) {
        if (changed === byte) continue;
        const bytes = NOTE.slice();
        bytes[offset] = changed;
        assert.throws(() => verify(bytes), SteleError, `offset ${offset} to ${changed}`);
      }
    }
  });

  test("cut out of itself is refused, wherever it is cut", () => {
    for (let start = 0; start < NOTE.length; start++) {
      for (let end = start; end <= NOTE.length; end++) {
        if (end - start === NOTE.length) continue;
        assert.throws(() => verify(NOTE.subarray(start, end)), SteleError);
      }
    }
  });

  test("is verified by its key among others' signatures, whatever those are", () => {
    const stranger = OTHER_LINE.replace("notes", "strangers");
    for (const lines of [OTHER_LINE + LINE, LINE + OTHER_LINE, LINE + stranger, stranger + LINE]) {
      verify(utf8(`${TEXT}\n${lines}`));
    }
    refuses("NOTE_UNVERIFIED", () => verify(utf8(`${TEXT}\n${OTHER_LINE}`)), "by another");
  });

  test("with a wrong signature by the key is refused, also behind a right one", () => {
    const wrong = formatSignatureLine(key, primitives.sign(key.seed, utf8("else")));
    const long = formatSignatureLine(key, new Uint8Array(65));
    for (const lines of [wrong, LINE + wrong, wrong + LINE, LINE + long]) {
      refuses("NOTE_UNVERIFIED", () => verify(utf8(`${TEXT}\n${lines}`)), lines);
    }
  });

  test("has at most so many signatures and bytes", () => {
    const lines = (count: number): string => LINE.repeat(count);
    assert.equal(parseNote(utf8(`${TEXT}\n${lines(100)}`)).signatures.length, MAX_NOTE_SIGNATURES);
    refuses("NOTE_MALFORMED", () => parseNote(utf8(`${TEXT}\n${lines(101)}`)), "too many");
    const text = "x".repeat(MAX_NOTE_BYTES - LINE.length - 2);
    const note = `${text.slice(utf8(LINE).length - LINE.length)}\n\n${LINE}`;
    assert.equal(utf8(note).length, MAX_NOTE_BYTES);
    assert.equal(parseNote(utf8(note)).signatures.length, 1);
    refuses("NOTE_MALFORMED", () => parseNote(utf8(`x${note}`)), "too long");
  });

  test("keeps a byte order mark as a part of what is signed", () => {
    const marked = `\ufeff${TEXT}`;
    const line = formatSignatureLine(key, primitives.sign(key.seed, utf8(marked)));
    verify(utf8(`${marked}\n${line}`));
    refuses("NOTE_UNVERIFIED", () => verify(utf8(`\ufeff${TEXT}\n${LINE}`)), "marked later");
  });
});
