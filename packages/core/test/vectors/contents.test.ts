import assert from "node:assert/strict";
import { test } from "node:test";
import {
  commit,
  formatContentLine,
  parseContentLine,
  type StoredContent,
} from "@stele/core/content";
import { primitives } from "./primitives.ts";
import { readVectors, refuses } from "./read.ts";

interface Commitment {
  readonly field: string;
  readonly salt: string;
  readonly bytes: string;
  readonly commitment: string;
}

interface Contents {
  readonly commitments: readonly Commitment[];
  readonly lines: readonly {
    readonly line: string;
    readonly seq: number;
    readonly contents: readonly Commitment[];
    readonly erased?: Readonly<Record<string, number>>;
  }[];
  readonly refused: readonly { why: string; line: string }[];
}

const vectors = readVectors("contents.json") as Contents;

function stored({ salt, bytes }: Commitment): StoredContent {
  return {
    salt: new Uint8Array(Buffer.from(salt, "hex")),
    bytes: new Uint8Array(Buffer.from(bytes, "hex")),
  };
}

function withoutNewline(line: string): Buffer {
  return Buffer.from(line).subarray(0, -1);
}

test("contents.json: commitments", () => {
  for (const vector of vectors.commitments) {
    assert.equal(commit(primitives, vector.field, stored(vector)), vector.commitment);
  }
});

test("contents.json: lines read and write", () => {
  for (const { line, seq, contents, erased: names = {} } of vectors.lines) {
    const erased = new Map(Object.entries(names));
    const expected = new Map(contents.map((vector) => [vector.field, stored(vector)]));
    assert.deepEqual(parseContentLine(withoutNewline(line)), {
      seq,
      contents: expected,
      erased,
    });
    assert.equal(formatContentLine(seq, expected, erased), line);
  }
});

test("contents.json: what is no content line is refused", () => {
  for (const { why, line } of vectors.refused) {
    refuses("JOURNAL_DAMAGED", () => parseContentLine(withoutNewline(line)), why);
  }
});
