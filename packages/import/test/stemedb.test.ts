import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { SteleError } from "@stele/core/error";
import { recogniseFormat, stemedb, type OriginEntry } from "@stele/import";
import { checkBytes, inMemory } from "./support/check.ts";
import { stemedbRecord } from "./support/stemedb.ts";

const RECORDS = ["a", "bb", "c".repeat(500), "d"].map((text) =>
  stemedbRecord(Buffer.from(text), "hash-and-payload"),
);
const FILE = Uint8Array.from(Buffer.concat(RECORDS));
const THIRD = RECORDS[0]!.length + RECORDS[1]!.length;

suite("stemedb record v2", () => {
  test("is read in both coverages of the CRC, and the report says which", async () => {
    for (const [name, words] of [
      ["hash-and-payload", /over BLAKE3 and payload/],
      ["payload", /over payload alone/],
    ] as const) {
      const url = new URL(`../../../spec/vectors/stemedb/${name}.wal`, import.meta.url);
      const bytes = Uint8Array.from(readFileSync(url));
      assert.equal((await recogniseFormat(inMemory(bytes))).format, stemedb);
      for (const chunkBytes of [65_536, 100]) {
        const report = await checkBytes(stemedb, bytes, { chunkBytes });
        assert.deepEqual([report.verdict, report.entries], ["intact", 9]);
        assert.match(report.notes.join(), words);
      }
    }
  });

  test("cut anywhere, it has a torn tail and all records before", async () => {
    for (let size = THIRD + 1; size < THIRD + RECORDS[2]!.length; size += 13) {
      const report = await checkBytes(stemedb, FILE.slice(0, size));
      assert.deepEqual([report.verdict, report.entries], ["torn", 2]);
      assert.equal(report.findings[0]?.offsetBytes, THIRD);
    }
  });

  test("every changed byte is found, and the records behind are read", async () => {
    for (let at = 0; at < FILE.length; at++) {
      const changed = FILE.slice();
      changed[at]! ^= 0x41;
      const report = await checkBytes(stemedb, changed);
      assert.notEqual(report.verdict, "intact", `byte ${at}`);
      assert.equal(report.entries, 3, `byte ${at}`);
      if (at < THIRD) assert.match(report.findings[0]!.message, /good records go on/);
    }
  });

  test("what lies behind a corrupt record can be salvaged", async () => {
    const changed = FILE.slice();
    changed[THIRD + 100]! ^= 1;
    const kept: OriginEntry[] = [];
    await checkBytes(stemedb, changed, {
      onEntries: async (some) => {
        kept.push(...some);
      },
    });
    assert.deepEqual(Buffer.from(kept[2]!.bytes), RECORDS[3]);
  });

  test("another file is refused", async () => {
    await assert.rejects(
      checkBytes(stemedb, "no record at all, but some text that is longer than a header"),
      (error: unknown) => error instanceof SteleError && error.code === "IMPORT_WRONG_FORMAT",
    );
  });

  test("swapped, missing and repeated records are not found: the format does not link", async () => {
    const [a, b, c, d] = RECORDS as [Buffer, Buffer, Buffer, Buffer];
    for (const records of [
      [b, a, c, d],
      [a, c, d],
      [a, a, b, c, d],
      [a, b, c],
    ]) {
      const report = await checkBytes(stemedb, Uint8Array.from(Buffer.concat(records)));
      assert.equal(report.verdict, "intact");
      assert.match(report.unprotected.join(), /swapped, taken out and repeated/);
    }
  });
});
