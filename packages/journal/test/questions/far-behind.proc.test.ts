import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { openReader } from "@stele/journal";
import { newJournal, open, scratch } from "../support/scratch.ts";

// An index so far behind that another thread reads the ledger for it.

const root = scratch("far-behind");
const COUNT = 60_000;
const AT_ONCE = 2000;
let made: string;

before(async () => {
  made = await newJournal(root);
  await using journal = await open(made, { index: false });
  for (let done = 0; done < COUNT; done += AT_ONCE) {
    const appends = Array.from({ length: AT_ONCE }, (_, at) => {
      const index = done + at;
      const data = { message: `word${index % 500} again`, costMicros: index, tool: "ls" };
      return journal.append({ type: "tool.call", id: `e-${index}`, agent: `a-${index % 9}`, data });
    });
    await Promise.all(appends);
  }
});

function copy(name: string): string {
  const directory = join(root, name);
  cpSync(made, directory, { recursive: true });
  return directory;
}

suite("an index that is far behind", () => {
  test("answers as the ledger does", async () => {
    await using reader = await openReader(copy("answers"));
    const progress: number[] = [];
    const { size } = await reader.query({}, { onProgress: (indexed) => progress.push(indexed) });
    assert.ok(progress.length > 0);
    assert.equal(size, COUNT);
    assert.deepEqual(
      progress,
      [...progress].toSorted((left, right) => left - right),
    );
    for (const query of [
      { id: "e-59999" },
      { agent: "a-3", text: "word7", order: "desc" },
      { type: "tool.", from: 31_000, limit: 500 },
    ] as const) {
      assert.deepEqual(await reader.query(query), await reader.query(query, { scan: true }));
    }
    const groups = { groupBy: "agent" } as const;
    assert.deepEqual(await reader.stats(groups), await reader.stats(groups, { scan: true }));
  });

  test("has what lies in front of damage", async () => {
    const directory = copy("damaged");
    const seq = 55_555;
    damage(directory, seq);
    await using reader = await openReader(directory);
    await assert.rejects(reader.query(), { code: "JOURNAL_DAMAGED", seq });
    const { entries } = await reader.query({ agent: "a-0", to: seq - 1, order: "desc", limit: 1 });
    assert.equal(entries[0]?.seq, 55_548);
  });

  test("can be closed meanwhile, and goes on from there", async () => {
    const directory = copy("closed");
    const begun = Promise.withResolvers<void>();
    const reader = await openReader(directory);
    const asked = reader.query({}, { onProgress: () => begun.resolve() });
    await begun.promise;
    await Promise.all([assert.rejects(asked, { code: "JOURNAL_CLOSED" }), reader.close()]);
    await using again = await openReader(directory);
    assert.equal((await again.stats()).groups[0]?.count, COUNT);
  });
});

/** Changes a byte of the entry's event. */
function damage(directory: string, seq: number): void {
  for (const name of readdirSync(join(directory, "ledger"))) {
    const path = join(directory, "ledger", name);
    const bytes = readFileSync(path);
    const at = bytes.indexOf(`"id":"e-${seq}"`);
    if (at < 0) continue;
    bytes[at + 7]! ^= 1;
    writeFileSync(path, bytes);
  }
}
