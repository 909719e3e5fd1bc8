import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlacedLine } from "@stele/store/reading";
import { CandidateSearch } from "../src/candidates.ts";
import { ColumnsMaker } from "../src/entry-columns.ts";
import { checkFilter, type Filter } from "../src/filter.ts";
import { IndexFile } from "../src/index-file.ts";
import { PART_ENTRIES } from "../src/schema.ts";

// Searches that go over the tables of several parts: more entries than a test can write.

const SEQS = [0, 1, PART_ENTRIES - 1, PART_ENTRIES, 2 * PART_ENTRIES + 5, 3 * PART_ENTRIES];

const maker = new ColumnsMaker();

function line(seq: number): PlacedLine {
  const time = new Date(Date.UTC(2026, 0, 1) + seq).toISOString();
  const event = { type: "note", agent: seq % 2 === 0 ? "even" : "odd" };
  const entry = { seq, prev: "0".repeat(64), time, event, hash: "1".repeat(64) };
  return { entry, line: "", offsetBytes: 1, sizeBytes: 1 } as PlacedLine;
}

function filled(): IndexFile {
  const file = IndexFile.openTemporary();
  const middle = Array.from({ length: 3 }, (_, part) => part * PART_ENTRIES + 7);
  for (const seq of [...SEQS, ...middle].toSorted((a, b) => a - b)) {
    file.add(maker.make([line(seq)]), file.cursor());
  }
  return file;
}

function found(file: IndexFile, filter: Filter, order: "asc" | "desc", limit = 100): number[] {
  const search = { conditions: checkFilter(filter), order, limit };
  return new CandidateSearch(file).find(search).map(({ seq }) => seq);
}

test("a search goes from part to part, in either order, as far as its limit", () => {
  using file = filled();
  const even = [0, PART_ENTRIES, 3 * PART_ENTRIES];
  const { length } = even;
  assert.deepEqual(found(file, { agent: "even" }, "asc"), even);
  assert.deepEqual(found(file, { agent: "even" }, "desc"), even.toReversed());
  assert.deepEqual(found(file, { agent: "even" }, "asc", length - 1), even.slice(0, -1));
  const range = { agent: "even", from: 1, to: PART_ENTRIES };
  assert.deepEqual(found(file, range, "asc"), [PART_ENTRIES]);
  assert.deepEqual(found(file, { agent: "nobody" }, "desc"), []);
});

test("what was pruned is forgotten, whole parts at once", () => {
  using file = filled();
  assert.equal(file.forgetBefore(2 * PART_ENTRIES).first, 2 * PART_ENTRIES);
  const names = file.database.prepare(
    "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'",
  );
  assert.deepEqual(
    names.all().map(({ name }) => name),
    ["tokens_2", "tokens_3"],
  );
  assert.deepEqual(found(file, { agent: "even" }, "asc"), [3 * PART_ENTRIES]);
  assert.deepEqual(found(file, { agent: "odd" }, "asc").at(0), 2 * PART_ENTRIES + 5);
});
