import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Entry } from "@stele/core/ledger";
import type { PlacedLine } from "@stele/store/reading";
import { CandidateSearch } from "../src/candidates.ts";
import { factsOf } from "../src/facts.ts";
import { ColumnsMaker } from "../src/entry-columns.ts";
import { checkFilter, meets, type Filter } from "../src/filter.ts";
import { IndexFile } from "../src/index-file.ts";
import { Tally, type Group, type Stat } from "../src/stats.ts";
import { sumRows } from "../src/sums.ts";

// What is kept summed by hours and days, with the rows at both ends, says what a look at every
// entry says.

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);

const name = (words: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...words);
const agent = name(["planner", "reviewer", "writer"]);
const session = name(["s1", "s2", "s3"]);
const type = name(["tool.call", "tool.result", "tool", "decision"]);
const tool = name(["search", "ls"]);
const model = name(["m-1", "m-2"]);
const verdict = name(["admit", "reject"]);
const id = name(["e1", "e2", "e3"]);
const amount = fc.oneof(
  fc.nat({ max: 100 }),
  fc.constantFrom<unknown>(2 ** 53 - 1, 2 ** 32, "18446744073709551615", "9223372036854775808"),
);
const data = fc.record(
  { tool, model, verdict, costMicros: amount, bytesRead: amount, inputTokens: amount },
  { requiredKeys: [] },
);
const event = fc.record({ type, id, agent, session, data }, { requiredKeys: ["type"] });
/** Mostly forward, by minutes or days, and back now and then. */
const step = fc.oneof(
  fc.integer({ min: 0, max: HOUR_MS }),
  fc.integer({ min: 0, max: 60 * HOUR_MS }),
  // So that some are at the very beginning or end of an hour.
  fc.constantFrom(-1, 0, 1, HOUR_MS, 20 * HOUR_MS, HOUR_MS - 1),
  fc.integer({ min: -30 * HOUR_MS, max: 0 }),
);
const history = fc.array(fc.record({ event, step }), {
  minLength: 1,
  maxLength: 60,
  size: "max",
});

const moment = fc.oneof(
  fc.integer({ min: -50 * HOUR_MS, max: 1500 * HOUR_MS }).map((ms) => START_MS + ms),
  fc.integer({ min: -50, max: 1500 }).map((hours) => START_MS + hours * HOUR_MS),
  fc.integer({ min: -50, max: 1500 }).map((hours) => START_MS + hours * HOUR_MS - 1),
);
const filter = {
  groupBy: fc.constantFrom<Group>(
    ...(["hour", "day", "type", "agent", "session", "tool", "model", "verdict"] as const),
  ),
  agent,
  session,
  type: fc.oneof(type, name(["tool.", "none."])),
  tool,
  model,
  verdict,
  id,
  since: moment,
  until: moment,
  from: fc.nat({ max: 65 }),
  to: fc.nat({ max: 65 }),
};
type Question = Filter & { readonly groupBy?: Group };

/** Of at most four conditions: more are met by no entry. */
const question = fc
  .subarray(Object.keys(filter) as (keyof typeof filter)[], { maxLength: 4 })
  .chain((keys) =>
    fc.record(Object.fromEntries(keys.map((key) => [key, filter[key] as fc.Arbitrary<unknown>]))),
  ) as fc.Arbitrary<Question>;

const maker = new ColumnsMaker();

function lineOf(seq: number, timeMs: number, one: object): PlacedLine {
  const time = new Date(timeMs).toISOString();
  const entry = { seq, prev: "0".repeat(64), time, event: one, hash: String(seq) } as Entry;
  return { entry, line: "", offsetBytes: 1, sizeBytes: 1 };
}

function counted(lines: readonly PlacedLine[], asked: Filter, group: Group | undefined) {
  const tally = new Tally(group);
  const conditions = checkFilter(asked);
  for (const { entry } of lines) if (meets(entry, conditions)) tally.addEntry(factsOf(entry));
  return tally.stats();
}

function summed(file: IndexFile, asked: Filter, group: Group | undefined): readonly Stat[] {
  return sumRows(file, new CandidateSearch(file), { conditions: checkFilter(asked), group });
}

test("sums by hours, days and rows are those of a look at every entry, to the last digit", () => {
  const property = fc.property(
    history,
    fc.array(question, { minLength: 4, maxLength: 16, size: "max" }),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 9 }),
    fc.nat({ max: 50 }),
    (steps, questions, ...[summedEntries, slice, pruned]) => {
      let timeMs = START_MS;
      const lines = steps.map((one, seq) => lineOf(seq, (timeMs += one.step), one.event));
      using file = IndexFile.openTemporary(summedEntries);
      for (let at = 0; at < lines.length; at += slice) {
        file.add(maker.make(lines.slice(at, at + slice)), file.cursor());
      }
      const check = (kept: readonly PlacedLine[]): void => {
        for (const { groupBy, ...asked } of questions) {
          const expected = counted(kept, asked, groupBy);
          assert.deepEqual(summed(file, asked, groupBy), expected, JSON.stringify(asked));
        }
      };
      check(lines);
      const first = Math.min(pruned, lines.length);
      file.forgetBefore(first);
      check(lines.slice(first));
    },
  );
  fc.assert(property, { numRuns: Number(process.env["STELE_RUNS"] ?? 60) });
});
