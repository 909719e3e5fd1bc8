import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { formatCheckpoint, parseCheckpoint, parseSize, rootBase64 } from "@stele/core/checkpoint";
import { EMPTY_ROOT, type Hash } from "@stele/core/hash";
import { refuses } from "./vectors/read.ts";

const checkpoint = { origin: "tests.example/checkpoint", size: 12, root: EMPTY_ROOT };
const TEXT = formatCheckpoint(checkpoint);

suite("a checkpoint", () => {
  test("is three lines, and read back", () => {
    assert.equal(TEXT, `tests.example/checkpoint\n12\n${rootBase64(EMPTY_ROOT)}\n`);
    assert.deepEqual(parseCheckpoint(TEXT), checkpoint);
  });

  test("of any size and root comes back", () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.maxSafeNat(), bytes, (size, root) => {
        const any = { ...checkpoint, size, root: Buffer.from(root).toString("hex") as Hash };
        assert.deepEqual(parseCheckpoint(formatCheckpoint(any)), any);
      }),
    );
  });

  test("with a line or character more or less, or a lax number or root, is refused", () => {
    const [origin, size, root] = TEXT.split("\n") as [string, string, string];
    for (const untrusted of [
      "",
      "\n\n\n",
      TEXT.slice(0, -1),
      `${TEXT}\n`,
      `${TEXT}extension\n`,
      TEXT.replaceAll("\n", "\r\n"),
      `\n${size}\n${root}\n`,
      `${origin}\n\n${root}\n`,
      ...[
        "012",
        "+12",
        "-1",
        "1.0",
        "1e1",
        " 12",
        "12 ",
        "0x1",
        "9007199254740992",
        "1".repeat(17),
      ].map((other) => `${origin}\n${other}\n${root}\n`),
      ...[
        root.slice(0, -1),
        `${root} `,
        root.slice(4),
        `AAAA${root}`,
        root.replace("=", ""),
        "",
      ].map((other) => `${origin}\n${size}\n${other}\n`),
    ]) {
      refuses("CHECKPOINT_MALFORMED", () => parseCheckpoint(untrusted), JSON.stringify(untrusted));
    }
  });

  test("cut off anywhere is refused", () => {
    for (let length = 0; length < TEXT.length; length++) {
      refuses("CHECKPOINT_MALFORMED", () => parseCheckpoint(TEXT.slice(0, length)), `${length}`);
    }
  });
});

test("a size is a decimal without sign or leading zeros, up to 2^53 - 1", () => {
  for (const size of [0, 1, 9, 10, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assert.equal(parseSize(String(size)), size);
  }
  for (const text of ["", "00", "01", "-0", "1 ", "９", "9007199254740992", "9007199254740993"]) {
    assert.equal(parseSize(text), undefined, text);
  }
});
