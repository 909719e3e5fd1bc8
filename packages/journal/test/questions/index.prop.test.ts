import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openJournal, type Event, type Journal } from "@stele/journal";
import type { Group, Query } from "@stele/journal/questions";
import type { SimulatedClock } from "@stele/store/testing";
import { signerOf, testKey } from "../support/key.ts";
import type { MemoryDisk } from "../support/memory-disk.ts";
import {
  DIRECTORY,
  memoryWorld,
  newMemoryJournal,
  openInMemory,
} from "../support/memory-journal.ts";

// The index answers as a look at every entry does.

const name = (words: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...words);
const agent = name(["planner", "reviewer", "Zoë", "a b"]);
const session = name(["s1", "s2", "s"]);
const type = name(["tool.call", "tool.result", "tool", "toolbox.call", "decision", "query"]);
const tool = name(["search", "read_text_file", "ls"]);
const verdict = name(["admit", "reject"]);
const id = name(["e1", "e2", "e3", "e4"]);
const amount = fc.oneof(
  fc.constantFrom<unknown>(0, 1, 2 ** 53 - 1, "18446744073709551615", "9223372036854775808"),
  fc.constantFrom<unknown>(-1, 1.5, "01", "18446744073709551616", "x", null),
  fc.nat(),
);
const text = name([
  "Disk full",
  "disk was EMPTY",
  "Zoë ist müde",
  "日本語のテスト",
  "a/b_c-d",
  "—",
]);
const data = fc.record(
  {
    tool,
    model: name(["m-1", "m-2"]),
    provider: name(["p"]),
    verdict,
    message: text,
    reason: fc.oneof(text, fc.record({ message: text, code: fc.constant("c") })),
    reasons: fc.array(fc.record({ constraint: text, reason: text }), { maxLength: 2 }),
    costMicros: amount,
    inputTokens: amount,
  },
  { requiredKeys: [] },
);
const event = fc.record(
  { type, id, agent, session, parent: id, data: fc.oneof(data, fc.constant("text"), fc.nat()) },
  { requiredKeys: ["type"] },
) as fc.Arbitrary<Event>;

const filter = {
  id,
  parent: id,
  agent,
  session,
  type: fc.oneof(type, name(["tool.", "t.", "decision."])),
  tool,
  model: name(["m-1", "m-3"]),
  provider: name(["p"]),
  verdict,
  text: name(["disk", "DISK full", "zoe", "日本", "c d", "nothing"]),
  from: fc.nat({ max: 45 }),
  to: fc.nat({ max: 45 }),
};
const query = fc.record(
  { ...filter, order: name(["asc", "desc"]), limit: fc.integer({ min: 1, max: 8 }) },
  { requiredKeys: [] },
) as fc.Arbitrary<Query>;

async function filled(events: readonly Event[]): Promise<Journal> {
  const disk: MemoryDisk = await newMemoryJournal({ segmentBytes: 1024 });
  const journal = await openInMemory(disk, { deduplicationWindow: 0 });
  for (const one of events) await journal.append(one);
  return journal;
}

/** All pages of a query, one after the other. */
async function pages(journal: Journal, asked: Query, scan: boolean): Promise<readonly number[]> {
  const seqs: number[] = [];
  for (let after: number | undefined; ;) {
    const { entries, next } = await journal.query({ ...asked, after }, { scan });
    seqs.push(...entries.map(({ seq }) => seq));
    if (next === null) return seqs;
    after = next;
  }
}

test("the index finds, page by page, what a look at every entry finds", async () => {
  const questions = fc.array(query, { minLength: 1, maxLength: 12 });
  const property = fc.asyncProperty(
    fc.array(event, { maxLength: 40 }),
    questions,
    async (...of) => {
      const [events, queries] = of;
      await using journal = await filled(events);
      for (const asked of queries) {
        const found = await pages(journal, asked, false);
        assert.deepEqual(found, await pages(journal, asked, true), JSON.stringify(asked));
      }
    },
  );
  await fc.assert(property, { numRuns: runs(40) });
});

test("the index counts and sums as a look at every entry does, to the last digit", async () => {
  const groups = ["hour", "day", "type", "agent", "session", "tool", "model", "verdict"] as const;
  const asked = fc.record(
    { groupBy: fc.constantFrom<Group>(...groups), ...filter },
    { requiredKeys: [] },
  );
  const events = fc.array(event, { maxLength: 40 });
  const property = fc.asyncProperty(events, fc.array(asked, { maxLength: 8 }), async (...of) => {
    await using journal = await filled(of[0]);
    for (const question of of[1]) {
      const counted = await journal.stats(question);
      assert.deepEqual(counted, await journal.stats(question, { scan: true }));
    }
  });
  await fc.assert(property, { numRuns: runs(30) });
});

test("times are found where the clock went back", async () => {
  const steps = fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 1, maxLength: 30 });
  const property = fc.asyncProperty(steps, fc.nat(), fc.nat(), async (jumps, one, other) => {
    const world = memoryWorld(await newMemoryJournal());
    const options = { world, signer: signerOf(testKey()) };
    await using journal = await openJournal(DIRECTORY, options);
    for (const ms of jumps) {
      (world.clock as SimulatedClock).jump(ms);
      await journal.append({ type: "note" });
    }
    const at = async (n: number): Promise<string> => (await journal.get(n % jumps.length)).time;
    const asked = { since: await at(one), until: await at(other) };
    const found = await pages(journal, asked, false);
    assert.deepEqual(found, await pages(journal, asked, true));
  });
  await fc.assert(property, { numRuns: runs(30) });
});

/** More with STELE_RUNS, for a longer hunt. */
function runs(usual: number): number {
  return Number(process.env["STELE_RUNS"] ?? usual);
}
