import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineSplitter, type Piece } from "../src/line-splitter.ts";

const LIMIT = 8;

function split(chunks: readonly Buffer[], limit: number): Piece[] {
  const splitter = new LineSplitter(limit);
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
}

/** The pieces as lines: parts of a long one put together. */
function lines(pieces: readonly Piece[]): { long: boolean; text: string }[] {
  const result: { long: boolean; text: string }[] = [];
  let parts = "";
  for (const piece of pieces) {
    const text = piece.bytes.toString("latin1");
    if (piece.kind === "line") result.push({ long: false, text });
    else if (piece.last) result.push({ long: true, text: parts + text });
    parts = piece.kind === "part" && !piece.last ? parts + text : "";
  }
  return result;
}

// Few different bytes, so that newlines are frequent and lines of about the limit too.
const bytes = fc
  .array(fc.constantFrom("\n", "\r", "a", "b", "c", "\xff"), { maxLength: 60 })
  .map((letters) => Buffer.from(letters.join(""), "latin1"));

test("the pieces in order are the bytes that came", () => {
  fc.assert(
    fc.property(fc.array(bytes), (chunks) => {
      const pieces = split(chunks, LIMIT);
      assert.deepEqual(Buffer.concat(pieces.map((piece) => piece.bytes)), Buffer.concat(chunks));
    }),
  );
});

test("chunking makes no difference to the lines", () => {
  fc.assert(
    fc.property(fc.array(bytes), (chunks) => {
      const expected =
        Buffer.concat(chunks)
          .toString("latin1")
          .match(/[^\n]*\n|[^\n]+$/g) ?? [];
      assert.deepEqual(
        lines(split(chunks, LIMIT)),
        expected.map((text) => ({ long: text.replace("\n", "").length > LIMIT, text })),
      );
    }),
  );
});

test("a long line is not held: its parts come as they arrive", () => {
  const splitter = new LineSplitter(4);
  assert.deepEqual([...splitter.push(Buffer.from("abc"))], []);
  assert.deepEqual(
    [...splitter.push(Buffer.from("de"))],
    [{ kind: "part", bytes: Buffer.from("abcde"), last: false }],
  );
  assert.deepEqual(
    [...splitter.push(Buffer.from("f"))],
    [{ kind: "part", bytes: Buffer.from("f"), last: false }],
  );
  assert.deepEqual([...splitter.end()], [{ kind: "part", bytes: Buffer.alloc(0), last: true }]);
});

test("time is linear: a line of 16 MiB in chunks of 1 KiB", () => {
  const splitter = new LineSplitter();
  const chunk = Buffer.alloc(1024, "x");
  const startedMs = performance.now();
  for (let count = 0; count < 16 * 1024; count++) assert.deepEqual([...splitter.push(chunk)], []);
  const [line] = [...splitter.push(Buffer.from("\n"))];
  assert.equal(line?.kind, "line");
  assert.equal(line.bytes.length, 16 * 1024 * 1024 + 1);
  assert.ok(performance.now() - startedMs < 2000);
});
