import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { SteleError } from "@stele/core/error";
import {
  orderSegments,
  recogniseFormat,
  stemedb,
  type OriginEntry,
  type OriginVerdict,
  type Segment,
} from "@stele/import";
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

  test("with zeros for its last bytes is torn from 16 on", async () => {
    const record = stemedbRecord(Buffer.from("e".repeat(200)), "hash-and-payload");
    for (const [zeros, verdict] of [
      [15, "broken"],
      [16, "torn"],
    ] as const) {
      const bytes = Uint8Array.from(Buffer.concat([...RECORDS, record])).fill(0, -zeros);
      assert.equal((await checkBytes(stemedb, bytes)).verdict, verdict);
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

  test("that is empty has not begun, and one of zeros was never written", async () => {
    const empty = await checkBytes(stemedb, "");
    assert.deepEqual([empty.verdict, empty.entries], ["intact", 0]);
    assert.match(empty.notes.join(), /empty/);
    for (const size of [1, 8, 39, 40, 41, 100_000]) {
      const zeros = await checkBytes(stemedb, new Uint8Array(size), { chunkBytes: 1000 });
      assert.deepEqual([zeros.verdict, zeros.entries], ["torn", 0], `${size} bytes`);
    }
  });

  test("auto says of an empty file and of zeros that they have no format", async () => {
    for (const [size, words] of [
      [0, /it is empty/],
      [512, /begins with zeros/],
    ] as const) {
      const file = inMemory(new Uint8Array(size));
      await assert.rejects(recogniseFormat(file), { code: "IMPORT_WRONG_FORMAT", message: words });
    }
  });

  test("auto reads on where the first record is long, and searches where it is bad", async () => {
    const long = stemedbRecord(new Uint8Array(200_000).fill(7), "payload");
    const file = Uint8Array.from(Buffer.concat([long, ...RECORDS]));
    assert.match((await recogniseFormat(inMemory(file))).reason, /its first record has the right/);
    const changed = FILE.slice();
    changed[10]! ^= 1;
    assert.match((await recogniseFormat(inMemory(changed))).reason, /a record in it has/);
    const cut = inMemory(file.slice(0, 100_000));
    await assert.rejects(recogniseFormat(cut), { code: "IMPORT_WRONG_FORMAT" });
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

interface Verdict {
  readonly path: string;
  readonly verdict: OriginVerdict;
  readonly entries: number;
  /** Code, offset and, among segments, the offset in which file. */
  readonly found: readonly (readonly unknown[])[];
}

const VERDICTS: readonly Verdict[] = [
  { path: "mixed-coverage.wal", verdict: "broken", entries: 6, found: [["coverage-changed", 184]] },
  { path: "torn.wal", verdict: "torn", entries: 3, found: [["torn", 184]] },
  { path: "torn-zeros.wal", verdict: "torn", entries: 3, found: [["torn", 184]] },
  { path: "torn-partly-zero.wal", verdict: "torn", entries: 3, found: [["torn", 184]] },
  { path: "zeros.wal", verdict: "torn", entries: 0, found: [["torn", 0]] },
  { path: "corrupt-middle.wal", verdict: "broken", entries: 8, found: [["checksum-wrong", 288]] },
  { path: "corrupt-last.wal", verdict: "broken", entries: 8, found: [["checksum-wrong", 3585]] },
  { path: "segments", verdict: "intact", entries: 9, found: [] },
  {
    path: "segment-torn",
    verdict: "broken",
    entries: 8,
    found: [
      ["segment-torn", 393, "wal-00000000000000000184.log", 209],
      ["segment-missing", 1446, "wal-00000000000000001456.log", 0],
    ],
  },
  {
    path: "segment-missing",
    verdict: "broken",
    entries: 7,
    found: [["segment-missing", 184, "wal-00000000000000001456.log", 0]],
  },
];

/** A file, or a directory's files one after the other. */
function load(path: string): { readonly bytes: Uint8Array; readonly segments?: Segment[] } {
  const url = new URL(`../../../spec/vectors/stemedb/${path}`, import.meta.url);
  if (path.endsWith(".wal")) return { bytes: Uint8Array.from(readFileSync(url)) };
  const names = orderSegments(readdirSync(url));
  const files = names.map((name) => readFileSync(new URL(`${path}/${name}`, new URL(".", url))));
  const segments = names.map((name, n) => ({ name, sizeBytes: files[n]!.length }));
  return { bytes: Uint8Array.from(Buffer.concat(files)), segments };
}

suite("the vectors of stemedb", () => {
  for (const { path, verdict, entries, found } of VERDICTS) {
    test(`${path} is ${verdict}`, async () => {
      const { bytes, segments } = load(path);
      for (const chunkBytes of [65_536, 100]) {
        const how = { chunkBytes, ...(segments && { segments }) };
        const report = await checkBytes(stemedb, bytes, how);
        assert.deepEqual([report.verdict, report.entries], [verdict, entries]);
        const findings = report.findings.map(({ code, offsetBytes, segment }) => {
          return [code, offsetBytes, ...(segment ? [segment.name, segment.offsetBytes] : [])];
        });
        assert.deepEqual(findings, found);
      }
    });
  }

  test("the records behind a corrupt one say what lies before them", async () => {
    const kept: OriginEntry[] = [];
    const onEntries = async (some: readonly OriginEntry[]): Promise<void> => {
      kept.push(...some);
    };
    const report = await checkBytes(stemedb, load("corrupt-middle.wal").bytes, { onEntries });
    assert.match(report.notes.join(), /4 good records lie behind bad bytes/);
    const behind = "behind bad bytes: 288 to 393";
    assert.deepEqual(
      kept.map(({ index, problem }) => [index, problem]),
      [0, 1, 2, 3, 4, 5, 6, 7].map((index) => [index, index < 4 ? null : behind]),
    );
  });
});

test("segments are in the order of their numbers, and gaps in those are found", async () => {
  assert.deepEqual(orderSegments(["w-10.log", "w-9.log", "w-100.log"]), [
    "w-9.log",
    "w-10.log",
    "w-100.log",
  ]);
  assert.deepEqual(orderSegments(["w-10.log", "w-9.log", "v-1.log"]), [
    "v-1.log",
    "w-10.log",
    "w-9.log",
  ]);
  const [a, b, c] = RECORDS.map(({ length }) => length) as [number, number, number];
  const bytes = FILE.slice(0, a + b + c);
  for (const [names, code, note] of [
    [["1.log", "2.log", "3.log"], undefined, /^the CRC/],
    [["1.log", "2.log", "4.log"], "segment-missing", /^the CRC/],
    [["7.log", "8.log", "9.log"], undefined, /^the first segment is 7\.log/],
    [["5.log", "10.log", "70.log"], undefined, /cannot be told/],
    [["20260130.log", "20260131.log", "20260203.log"], undefined, /cannot be told/],
    [["a.log", "b.log", "c.log"], undefined, /^the CRC/],
    [hexNames(0, a, a + b), undefined, /^the CRC/],
    [hexNames(0, a, a + b + 1), "segment-missing", /^the CRC/],
    [hexNames(0, a, a + b - 1), "segment-missing", /^the CRC/],
  ] as const) {
    const segments = [a, b, c].map((sizeBytes, n) => ({ name: names[n]!, sizeBytes }));
    const report = await checkBytes(stemedb, bytes, { segments });
    assert.equal(report.findings[0]?.code, code, names.join());
    assert.match(report.notes[0]!, note);
  }
});

function hexNames(...offsets: readonly number[]): readonly string[] {
  return offsets.map((offset) => `seg-${offset.toString(16).padStart(16, "0")}.wal`);
}
