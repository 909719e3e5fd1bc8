import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  formatAddCheckpoint,
  MAX_ADD_CHECKPOINT_BYTES,
  MAX_ADD_CHECKPOINT_HASHES,
  parseAddCheckpoint,
  type AddCheckpoint,
} from "@stele/core/add-checkpoint";
import { utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import type { Hash } from "@stele/core/hash";
import fc from "fast-check";
import { readVectors, refuses } from "./vectors/read.ts";

const { steps } = readVectors("c2sp/witness-add-checkpoint.json") as {
  readonly steps: readonly { readonly body: string }[];
};

function refused(text: string | Uint8Array, what: string): void {
  refuses("PROOF_MALFORMED", () => parseAddCheckpoint(Buffer.from(text)), what);
}

const aHash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex") as Hash);

suite("the body of an add-checkpoint request", () => {
  test("witness-add-checkpoint.json: recorded ones are read, and written the same", () => {
    for (const { body } of steps) {
      assert.equal(formatAddCheckpoint(parseAddCheckpoint(utf8(body))), body);
    }
    const { oldSize, proof, checkpoint } = parseAddCheckpoint(utf8(steps[1]!.body));
    assert.deepEqual([oldSize, proof.length], [1, 2]);
    assert.equal(proof[1], `2a02${"0".repeat(60)}`);
    assert.match(checkpoint, /^sigsum\.org\/.*\n3\n/);
  });

  test("is read as it was written", () => {
    const parts = {
      oldSize: fc.maxSafeNat(),
      proof: fc.array(aHash, { maxLength: MAX_ADD_CHECKPOINT_HASHES }),
      checkpoint: fc.string({ minLength: 1, unit: "grapheme" }),
    };
    const anything = fc.record(parts, { noNullPrototype: true });
    fc.assert(
      fc.property(anything, (request: AddCheckpoint) => {
        assert.deepEqual(parseAddCheckpoint(utf8(formatAddCheckpoint(request))), request);
      }),
    );
  });

  test("is refused when it would be written otherwise", () => {
    const edits: readonly (readonly [what: string, from: string | RegExp, to: string])[] = [
      ["no old line", /^old 1\n/, ""],
      ["another word", "old 1", "new 1"],
      ["two spaces", "old 1", "old  1"],
      ["space behind", "old 1", "old 1 "],
      ["leading zero", "old 1", "old 01"],
      ["sign", "old 1", "old +1"],
      ["beyond 2^53 - 1", "old 1", "old 9007199254740992"],
      ["no size", "old 1", "old "],
      ["carriage returns", /\n/g, "\r\n"],
      ["byte order mark", /^/, "\ufeff"],
      ["line before", /^/, "\n"],
      ["hash without padding", "A=\n", "A\n"],
      ["hash with trailing bits", "A=\n", "B=\n"],
      ["two hashes on a line", "A=\nK", "A=K"],
      ["no empty line", "\n\n", "\n"],
      ["no checkpoint", /\n\n[^]*$/, "\n\n"],
    ];
    const { body } = steps[5]!;
    for (const [what, from, to] of edits) {
      const edited = body.replace(from, to);
      assert.notEqual(edited, body, what);
      refused(edited, what);
    }
    refused(Buffer.concat([Buffer.from(body), Buffer.of(0xff)]), "not UTF-8");
  });

  test("has no byte without effect", () => {
    const { body } = steps[5]!;
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1;
      try {
        const text = formatAddCheckpoint(parseAddCheckpoint(flipped));
        assert.equal(text, flipped.toString(), `byte ${at}`);
      } catch (error) {
        assert.ok(error instanceof SteleError && error.code === "PROOF_MALFORMED", `byte ${at}`);
      }
    }
  });

  test("has at most so many bytes and hashes", () => {
    const hash = "2a".repeat(32) as Hash;
    const proof = Array.from({ length: MAX_ADD_CHECKPOINT_HASHES }, () => hash);
    const most = { oldSize: 2 ** 53 - 1, proof, checkpoint: "c" };
    const rest = MAX_ADD_CHECKPOINT_BYTES - formatAddCheckpoint({ ...most, checkpoint: "" }).length;
    const largest = { ...most, checkpoint: "c".repeat(rest) };
    assert.deepEqual(parseAddCheckpoint(utf8(formatAddCheckpoint(largest))), largest);
    refused(formatAddCheckpoint({ ...most, checkpoint: "c".repeat(rest + 1) }), "a byte too many");
    refused(formatAddCheckpoint({ ...most, proof: [...proof, hash] }), "64 hashes");
  });
});
