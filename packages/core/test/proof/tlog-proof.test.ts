import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCheckpoint } from "@stele/core/checkpoint";
import type { Hash } from "@stele/core/hash";
import { parseVerifierKey } from "@stele/core/key";
import { parseNote, verifyNote } from "@stele/core/note";
import { checkInclusion } from "@stele/core/proof";
import {
  formatTlogProof,
  MAX_TLOG_PROOF_BYTES,
  MAX_TLOG_PROOF_HASHES,
  parseTlogProof,
} from "@stele/core/tlog-proof";
import { primitives } from "../vectors/primitives.ts";
import { readVectors, refuses } from "../vectors/read.ts";

interface Marshal {
  readonly index: number;
  readonly hashes: readonly string[];
  readonly extra?: string;
  readonly checkpoint: string;
  readonly want: string;
}

const vectors = readVectors("c2sp/tlog-proof.json") as {
  generated: readonly {
    index: number;
    size: number;
    leafHashHex: Hash;
    vkey: string;
    proof: string;
  }[];
  marshal: readonly Marshal[];
  malformed: readonly { in: string; why: string }[];
};

const WHOLE = vectors.generated.find(({ proof }) => proof.includes("\nextra "))!.proof;

function refused(text: string | Uint8Array, what: string): void {
  refuses("PROOF_MALFORMED", () => parseTlogProof(Buffer.from(text)), what);
}

test("tlog-proof.json: whole proofs hold under the log's key", () => {
  for (const { index, size, leafHashHex: leaf, vkey, proof } of vectors.generated) {
    const parsed = parseTlogProof(Buffer.from(proof));
    const note = parseNote(Buffer.from(parsed.checkpoint));
    verifyNote(primitives, note, parseVerifierKey(primitives, vkey));
    const checkpoint = parseCheckpoint(note.text);
    assert.deepEqual([parsed.index, checkpoint.size], [index, size]);
    const claim = { index, size, root: checkpoint.root, leaf };
    assert.ok(checkInclusion(primitives, claim, parsed.hashes));
    assert.equal(formatTlogProof(parsed), proof);
  }
});

test("tlog-proof.json: format and parse", () => {
  for (const { index, hashes, extra = "", checkpoint, want } of vectors.marshal) {
    const proof = {
      index,
      hashes: hashes.map((hash) => Buffer.from(hash, "base64").toString("hex") as Hash),
      extra: Uint8Array.from(Buffer.from(extra, "base64")),
      checkpoint,
    };
    assert.equal(formatTlogProof(proof), want);
    assert.deepEqual(parseTlogProof(Buffer.from(want)), proof);
  }
});

test("tlog-proof.json: malformed proofs are refused", () => {
  for (const { in: text, why } of vectors.malformed) refused(text, why);
});

test("what formatTlogProof would write otherwise is refused", () => {
  const edits: readonly (readonly [what: string, from: string | RegExp, to: string])[] = [
    ["another version", "@v1", "@v2"],
    ["carriage returns", /\n/g, "\r\n"],
    ["byte order mark", /^/, "\ufeff"],
    ["line before the first", /^/, "\n"],
    ["no extra in the extra line", /extra .*/, "extra "],
    ["two extra lines", /(extra .*\n)/, "$1$1"],
    ["extra behind the index", /(extra .*\n)(index .*\n)/, "$2$1"],
    ["another line before the index", "\nindex", "\nnote\nindex"],
    ["two index lines", /(index .*\n)/, "$1$1"],
    ["two spaces", "index ", "index  "],
    ["space at the end of the line", "index 14", "index 14 "],
    ["plus sign", "index 14", "index +14"],
    ["index beyond 2^53 - 1", "index 14", "index 9007199254740992"],
    ["index in hexadecimal", "index 14", "index 0xe"],
    ["hash without padding", /=\n/, "\n"],
    ["hash of another alphabet", /\//g, "_"],
    ["hash with trailing bits", "2u/I=", "2u/J="],
    ["two hashes on one line", /=\n/, "="],
    ["no blank line", "\n\nexample", "\nexample"],
    ["no checkpoint", /\n\n[^]*$/, "\n\n"],
  ];
  for (const [what, from, to] of edits) {
    const edited = WHOLE.replace(from, to);
    assert.notEqual(edited, WHOLE, what);
    refused(edited, what);
  }
});

test("every prefix of the head is refused, and no byte of it is without effect", () => {
  const bytes = Buffer.from(WHOLE);
  const head = bytes.indexOf("\n\n") + 2;
  const proof = parseTlogProof(bytes);
  for (let at = 0; at < head; at++) {
    refused(bytes.subarray(0, at + 1), `first ${at + 1} bytes`);
    for (const bit of [1, 2, 16, 32, 128]) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= bit;
      const parsed = parsedOrRefused(flipped);
      if (parsed) assert.notDeepEqual(parsed, proof, `byte ${at} with ${bit} flipped`);
      if (parsed) assert.equal(formatTlogProof(parsed), flipped.toString());
    }
  }
});

function parsedOrRefused(bytes: Buffer): ReturnType<typeof parseTlogProof> | undefined {
  try {
    return parseTlogProof(bytes);
  } catch {
    refused(bytes, "refused otherwise");
    return undefined;
  }
}

test("limits: bytes and hashes", () => {
  const hashes = Array.from({ length: MAX_TLOG_PROOF_HASHES }, () =>
    primitives.sha256(Buffer.of()),
  );
  const most = { index: 2 ** 53 - 1, hashes, extra: new Uint8Array(), checkpoint: "c\n" };
  assert.deepEqual(parseTlogProof(Buffer.from(formatTlogProof(most))), most);
  refused(formatTlogProof({ ...most, hashes: [...hashes, hashes[0]!] }), "64 hashes");
  const rest = MAX_TLOG_PROOF_BYTES - formatTlogProof({ ...most, checkpoint: "" }).length;
  const largest = { ...most, checkpoint: "c".repeat(rest) };
  assert.deepEqual(parseTlogProof(Buffer.from(formatTlogProof(largest))), largest);
  refused(formatTlogProof({ ...most, checkpoint: "c".repeat(rest + 1) }), "a byte too many");
});

test("bytes that are not UTF-8 are refused, also in the checkpoint", () => {
  refused(Buffer.concat([Buffer.from(WHOLE), Buffer.of(0xff)]), "0xff at the end");
});
