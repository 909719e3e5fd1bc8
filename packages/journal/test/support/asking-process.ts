// Asks the journal named by its first argument, again and again: prints "found COUNT SIZE" for each
// answer, until it is killed, or as often as the second argument says. Ends with status 1 when the
// index finds something else than a look at every entry.
import assert from "node:assert/strict";
import { writeSync } from "node:fs";
import { openReader } from "@stele/journal";

const directory = process.argv[2]!;
const times = Number(process.argv[3] ?? Infinity);

for (let count = 0; count < times; count++) {
  await using reader = await openReader(directory);
  const query = { agent: "a", order: "desc", limit: 50 } as const;
  const { entries, size } = await reader.query(query);
  writeSync(1, `found ${entries.length} ${size}\n`);
  if (!Number.isFinite(times)) continue;
  const scanned = await reader.query({ ...query, to: size - 1 }, { scan: true });
  assert.deepEqual(entries, scanned.entries);
}
