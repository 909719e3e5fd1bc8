import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { query } from "../src/commands/query.ts";
import { formatBar, formatCount, formatTable } from "../src/table.ts";
import { parseTime } from "../src/time-expression.ts";

const NOW = "2026-11-28T22:30:15.250Z";

function meant(text: string, name: "since" | "until" = "since"): string {
  return new Date(parseTime(query, { name, text, nowMs: Date.parse(NOW) })).toISOString();
}

suite("times on the command line", () => {
  for (const [text, since, until = since] of [
    ["now", NOW],
    ["90s", "2026-11-28T22:28:45.250Z"],
    ["30m", "2026-11-28T22:00:15.250Z"],
    ["2h", "2026-11-28T20:30:15.250Z"],
    ["7d", "2026-11-21T22:30:15.250Z"],
    ["2w", "2026-11-14T22:30:15.250Z"],
    ["14:00", "2026-11-28T14:00:00.000Z"],
    ["14:00:30.5", "2026-11-28T14:00:30.500Z"],
    ["14:00Z", "2026-11-28T14:00:00.000Z"],
    ["14:00-08:00", "2026-11-28T22:00:00.000Z"],
    // It is the 29th already where it is two hours later.
    ["00:10+02:00", "2026-11-28T22:10:00.000Z"],
    ["2026-02-28", "2026-02-28T00:00:00.000Z", "2026-02-28T23:59:59.999Z"],
    ["today", "2026-11-28T00:00:00.000Z", "2026-11-28T23:59:59.999Z"],
    ["yesterday", "2026-11-27T00:00:00.000Z", "2026-11-27T23:59:59.999Z"],
    ["2026-11-28T14:00", "2026-11-28T14:00:00.000Z"],
    ["2026-11-28 14:00:01", "2026-11-28T14:00:01.000Z"],
    ["2026-11-28T14:00+05:30", "2026-11-28T08:30:00.000Z"],
    ["2026-11-28T14:00:00.123456789Z", "2026-11-28T14:00:00.123Z"],
  ] as const) {
    test(`${text} is ${since}`, () => {
      assert.deepEqual([meant(text), meant(text, "until")], [since, until]);
    });
  }

  for (const text of [
    "",
    "2",
    "2 h",
    "-2h",
    "monday",
    "14:60",
    "9:00",
    "2026-02-30",
    "2026-13-01",
    "1e3",
    "2026-02-30T10:00",
  ]) {
    test(`${JSON.stringify(text)} is no time`, () => {
      assert.throws(() => meant(text), /--since takes 2h/);
    });
  }
});

test("a table is aligned as a terminal shows it, wide letters and all", () => {
  const rows = [
    ["日本語", "1"],
    ["a", "1,000"],
    ["x".repeat(80), "2"],
  ];
  const columns = [{ title: "agent" }, { title: "entries", isNumber: true }];
  const lines = formatTable(columns, rows).split("\n");
  assert.equal(lines[1], `日本語${" ".repeat(54)}        1`);
  assert.equal(lines[2], `a${" ".repeat(59)}    1,000`);
  assert.equal(lines[3], `${"x".repeat(59)}…        2`);
});

test("bars are shares of the most, never empty for a count", () => {
  assert.equal(formatBar(10, 10, 4), "████");
  assert.equal(formatBar(5, 10, 4), "██");
  assert.equal(formatBar(1, 1000, 4), "▏");
  assert.equal(formatBar(0, 10, 4), "");
  assert.equal(formatCount(18446744073709551616n), "18,446,744,073,709,551,616");
});
