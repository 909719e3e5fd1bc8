import assert from "node:assert/strict";
import { test } from "node:test";
import { rootBase64 } from "@stele/core/checkpoint";
import { formatHeader } from "@stele/core/ledger";
import { checkLines } from "./check-segment.ts";
import { readSpec } from "./read.ts";

// The worked example of spec/ledger.md section 10 is real.

const document = readSpec("ledger.md");
const [segment = "", next = ""] = [...document.matchAll(/^```jsonl\n(.*?)^```$/gms)].map(
  ([, text = ""]) => text,
);
const [vkey = ""] = /example\.com\/agents\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+/.exec(document) ?? [];
const lines = segment.trimEnd().split("\n");
const { finding, end } = checkLines({ vkey }, lines);

test("the example's lines are intact", () => {
  assert.equal(finding, undefined);
  assert.deepEqual([lines.length, end.sealedSize, Buffer.byteLength(segment)], [6, 3, 1301]);
});

test("the example's hashes are those that the text names", () => {
  for (const hash of [...end.frontier, end.sealedRoot, end.prev])
    assert.ok(document.includes(hash));
  assert.ok(document.includes(`\n3\n${rootBase64(end.sealedRoot)}\n`));
});

test("the example's next header follows from its last seal", () => {
  const { prev, frontier } = end;
  const header = { origin: "example.com/agents", first: 3, prev, frontier };
  assert.equal(next, `${formatHeader(header)}\n`);
});
