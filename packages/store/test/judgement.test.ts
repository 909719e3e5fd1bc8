import assert from "node:assert/strict";
import { test } from "node:test";
import { JUDGEMENTS } from "../src/judgement.ts";

const HEADS = ["missing", "torn", "reached", "ahead", "moved"] as const;
const TAILS = ["none", "entries", "torn", "bad"] as const;
const SEALS = ["none", "last", "more"] as const;

test("the recovery table has exactly one row for each of the 60 cases", () => {
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

test("nothing is cut when the durable mark names more or another place, or when a byte is wrong that no crash explains", () => {
  for (const { head, tail, judgement } of JUDGEMENTS) {
    const isRefused = head.includes("ahead") || head.includes("moved") || tail.includes("bad");
    if (isRefused) assert.equal(judgement, "refuse");
  }
});
