import { mkdirSync, writeFileSync } from "node:fs";
import { stemedbRecord, type Coverage } from "./stemedb.ts";

// node packages/import/test/support/write-stemedb-vectors.ts   writes spec/vectors/stemedb

/** Payloads of several lengths, an empty one among them. */
const PAYLOADS: readonly Uint8Array[] = [0, 1, 63, 64, 65, 1023, 1024, 1025, 3000].map((length) =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + length) % 251),
);

function records(coverage: Coverage): readonly Buffer[] {
  return PAYLOADS.map((payload) => stemedbRecord(payload, coverage));
}

const GOOD = records("hash-and-payload");
const OTHER = records("payload");

/** The last record without the bytes behind `keptBytes`, and with zeros instead. */
function cutAt(keptBytes: number, zeros: number): Buffer {
  const kept = GOOD.slice(0, 3);
  return Buffer.concat([...kept, GOOD[8]!.subarray(0, keptBytes), Buffer.alloc(zeros)]);
}

/** With one wrong byte in a payload. */
function corrupt(record: Buffer): Buffer {
  const changed = Buffer.from(record);
  changed[record.length - 2]! ^= 1;
  return changed;
}

const first = Buffer.concat(GOOD.slice(0, 3));
const second = Buffer.concat(GOOD.slice(3, 6));
const third = Buffer.concat(GOOD.slice(6));

/** As a segment of that offset in the whole log is called. */
function named(offset: number): string {
  return `wal-${String(offset).padStart(20, "0")}.log`;
}

const FIRST = named(0);
const SECOND = named(first.length);
const THIRD = named(first.length + second.length);

/** As JSON; the original's own encoding is not known. */
const AUDIT = {
  query_id: "q-7",
  agent: Array.from({ length: 32 }, (_, n) => n),
  timestamp: 1795217732,
  params: { subject: "sun", predicate: "is", lifecycle: "Approved", epoch: null, lens: "recent" },
  result_hash: "ab".repeat(32),
  confidence: 0.75,
  contributing_assertions: [
    { assertion_hash: "cd".repeat(32), weight: 0.5, source_hash: null, lifecycle: "Approved" },
  ],
};

const FILES: Readonly<Record<string, Uint8Array>> = {
  "hash-and-payload.wal": Buffer.concat(GOOD),
  "payload.wal": Buffer.concat(OTHER),
  "mixed-coverage.wal": Buffer.concat([...GOOD.slice(0, 3), ...OTHER.slice(3, 6)]),
  "query-audit.wal": stemedbRecord(Buffer.from(JSON.stringify(AUDIT)), "hash-and-payload"),
  "torn.wal": cutAt(1000, 0),
  "torn-zeros.wal": cutAt(0, 600),
  "torn-partly-zero.wal": cutAt(1000, 2040),
  "zeros.wal": Buffer.alloc(512),
  "corrupt-middle.wal": Buffer.concat([...GOOD.slice(0, 4), corrupt(GOOD[4]!), ...GOOD.slice(5)]),
  "corrupt-last.wal": Buffer.concat([...GOOD.slice(0, 8), corrupt(GOOD[8]!)]),
  [`segments/${FIRST}`]: first,
  [`segments/${SECOND}`]: second,
  [`segments/${THIRD}`]: third,
  [`segment-torn/${FIRST}`]: first,
  [`segment-torn/${SECOND}`]: second.subarray(0, -10),
  [`segment-torn/${THIRD}`]: third,
  [`segment-missing/${FIRST}`]: first,
  [`segment-missing/${THIRD}`]: third,
  [`segment-missing/${named(first.length + second.length + third.length)}`]: GOOD[1]!,
};

for (const [name, bytes] of Object.entries(FILES)) {
  const url = new URL(`../../../../spec/vectors/stemedb/${name}`, import.meta.url);
  mkdirSync(new URL(".", url), { recursive: true });
  writeFileSync(url, bytes);
}
