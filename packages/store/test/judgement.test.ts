import assert from "node:assert/strict";
import { test } from "node:test";
import { JUDGEMENTS } from "../src/judgement.ts";

const HEADS = ["missing", "torn", "reached", "ahead"] as const;
const TAILS = ["none", "entries", "torn", "bad"] as const;
const SEALS = ["none", "last", "more"] as const;

test("the recovery table has exactly one row for each of the 48 cases", () => {
  for (const head of HEADS) {
    for (const tail of TAILS) {
      for (const seals of SEALS) {
        const rows = JUDGEMENTS.filter(
          (row) =>
            row.head.includes(head) && row.tail.includes(tail) && row.sealsBehind.includes(seals),
        );
        assert.equal(rows.length, 1, `head ${head}, tail ${tail}, seals behind ${seals}`);
      }
    }
  }
});

test("nothing is cut when the durable mark names more, or when a byte is wrong that no crash explains", () => {
  for (const { head, tail, judgement } of JUDGEMENTS) {
    if (head.includes("ahead") || tail.includes("bad")) assert.equal(judgement, "refuse");
  }
});
