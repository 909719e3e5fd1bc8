import { writeFileSync } from "node:fs";
import { stemedbRecord, type Coverage } from "./stemedb.ts";

// node packages/import/test/support/write-stemedb-vectors.ts   writes spec/vectors/stemedb

/** Payloads of several lengths, an empty one among them. */
const PAYLOADS: readonly Uint8Array[] = [0, 1, 63, 64, 65, 1023, 1024, 1025, 3000].map((length) =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + length) % 251),
);
const COVERAGES: readonly Coverage[] = ["hash-and-payload", "payload"];

for (const coverage of COVERAGES) {
  const records = PAYLOADS.map((payload) => stemedbRecord(payload, coverage));
  const path = `../../../../spec/vectors/stemedb/${coverage}.wal`;
  writeFileSync(new URL(path, import.meta.url), Buffer.concat(records));
}
