import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PlacedLine } from "@stele/store/reading";
import { ColumnsMaker } from "../src/entry-columns.ts";
import { IndexFile } from "../src/index-file.ts";
import { PART_ENTRIES } from "../src/schema.ts";
import { token } from "../src/words.ts";

// A part is left out of a search only when it has not what is searched.

const maker = new ColumnsMaker();

function line(seq: number, id: string, agent: string): PlacedLine {
  const time = "2026-01-01T00:00:00Z";
  const entry = { seq, prev: "", time, event: { type: "note", id, agent }, hash: "" };
  return { entry, line: "", offsetBytes: 1, sizeBytes: 1 } as PlacedLine;
}

/** An index whose parts have entries of these ids; all are full but the last. */
function indexOf(parts: readonly (readonly string[])[]): IndexFile {
  const file = IndexFile.openTemporary();
  for (const [part, ids] of parts.entries()) {
    const lines = ids.map((id, at) => line(part * PART_ENTRIES + at, id, `of-${part}`));
    file.add(maker.make(lines), file.cursor());
  }
  return file;
}

const id = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("a", "b", "c", "d"));
const ids = fc.array(id, { minLength: 1, maxLength: 12 });

test("no part is left out that has all of the tokens", () => {
  const property = fc.property(
    fc.array(ids, { minLength: 1, maxLength: 5 }),
    id,
    (parts, asked) => {
      using file = indexOf(parts);
      const last = parts.length - 1;
      for (const [part, some] of parts.entries()) {
        for (const one of new Set([...some, asked])) {
          const tokens = [token("id", one), token("agent", `of-${part}`)];
          const without = file.filters.without(tokens, 0, last);
          assert.equal(without.has(part) && some.includes(one), false, JSON.stringify(one));
          assert.equal(without.has(last), false, "the last part is not full");
        }
      }
    },
  );
  fc.assert(property, { numRuns: Number(process.env["STELE_RUNS"] ?? 30) });
});

test("nearly every full part is left out that has not all of them", () => {
  const count = 20_000;
  const all = Array.from({ length: count }, (_, at) => `e-${at}`);
  using file = indexOf([all, ["one"], ["two"]]);
  const leftOut = (name: string): boolean => file.filters.without([token("id", name)], 0, 2).has(0);
  const strangers = all.filter((name) => leftOut(`${name}-x`));
  assert.ok(strangers.length > 0.999 * count, `${strangers.length} of ${count}`);
  assert.equal(all.some(leftOut), false);
  assert.deepEqual(
    file.filters.without([token("id", "e-1"), token("agent", "of-1")], 0, 2),
    new Set([0, 1]),
  );
});

test("what is pruned is out of the filters too", () => {
  using file = indexOf([["a"], ["b"], ["c"]]);
  file.forgetBefore(PART_ENTRIES);
  const parts = file.database.prepare("SELECT DISTINCT part FROM filter").all();
  assert.deepEqual(
    parts.map(({ part }) => part),
    [1],
  );
});
