import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { openReader } from "@stele/journal";
import type { Query } from "@stele/journal/questions";
import { newJournal, open, scratch } from "../support/scratch.ts";

// Bits that flip in index.sqlite can leave entries out of an answer, and nothing else.

const root = scratch("index-flips");
const ENTRIES = 300;

const QUESTIONS: readonly Query[] = [
  {},
  { order: "desc" },
  { agent: "a-1" },
  { agent: "a-2", tool: "t-1", order: "desc" },
  { session: "s-3" },
  { id: "e-77" },
  { parent: "e-5" },
  { text: "number 12" },
  { type: "tool.", since: "2020-01-01T00:00:00Z" },
];

async function specimen(): Promise<string> {
  const directory = await newJournal(root);
  await using journal = await open(directory, { index: true });
  for (let index = 0; index < ENTRIES; index++) {
    void journal.append(
      {
        type: index % 3 === 0 ? "tool.call" : "note",
        id: `e-${index}`,
        parent: `e-${index - 1}`,
        agent: `a-${index % 4}`,
        session: `s-${index % 7}`,
        data: { tool: `t-${index % 2}`, message: `number ${index % 20}`, costMicros: index },
      },
      { ack: "queued" },
    );
  }
  await journal.query({ limit: 1 }, { waitFor: { seq: ENTRIES - 1 } });
  return directory;
}

async function seqsOf(directory: string, scan: boolean): Promise<readonly (readonly number[])[]> {
  await using reader = await openReader(directory);
  const answers: number[][] = [];
  for (const question of QUESTIONS) {
    const { entries, size } = await reader.query({ ...question, limit: 1000 }, { scan });
    assert.equal(size, ENTRIES);
    answers.push(entries.map(({ seq }) => seq));
  }
  await reader.stats({ groupBy: "agent" }, { scan });
  return answers;
}

test("a flipped bit leaves out at most: every answer is among the right ones, in order", async () => {
  const directory = await specimen();
  const right = await seqsOf(directory, true);
  assert.deepEqual(await seqsOf(directory, false), right);
  const index = readFileSync(join(directory, "index.sqlite"));
  const flip = fc.record({ at: fc.nat({ max: index.length - 1 }), bit: fc.nat({ max: 7 }) });
  const property = fc.asyncProperty(
    fc.array(flip, { minLength: 1, maxLength: 3 }),
    async (flips) => {
      const copy = join(mkdtempSync(join(root, "j-")), "journal");
      cpSync(directory, copy, { recursive: true });
      const bytes = Buffer.from(index);
      for (const { at, bit } of flips) bytes[at]! ^= 1 << bit;
      writeFileSync(join(copy, "index.sqlite"), bytes);
      for (const [at, found] of (await seqsOf(copy, false)).entries()) {
        const expected = right[at]!.filter((seq) => found.includes(seq));
        assert.deepEqual(found, expected, JSON.stringify(QUESTIONS[at]));
      }
    },
  );
  const numRuns = Number(process.env["STELE_RUNS"] ?? 15);
  await fc.assert(property, { numRuns, endOnFailure: true });
});
