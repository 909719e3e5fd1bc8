import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openReader, SteleError } from "@stele/journal";
import { Child } from "../support/child.ts";
import { newJournal, open, scratch } from "../support/scratch.ts";

// DIR/index.sqlite: made anew whenever it is not what the ledger says.

const root = scratch("index");

async function filled(count: number, agent = "a"): Promise<string> {
  const directory = await newJournal(root);
  await using journal = await open(directory, { index: false });
  await appendTo(journal, count, agent);
  return directory;
}

let largeOne: string | undefined;

/** A copy of a journal whose index takes a while to be made. */
async function large(): Promise<string> {
  largeOne ??= await filled(20_000);
  return copyOf(largeOne);
}

function copyOf(journal: string): string {
  const directory = join(mkdtempSync(join(root, "j-")), "journal");
  cpSync(journal, directory, { recursive: true });
  return directory;
}

async function appendTo(
  journal: Awaited<ReturnType<typeof open>>,
  count: number,
  agent: string,
): Promise<void> {
  const event = (index: number) => ({
    type: "note",
    id: `${agent}-${index}`,
    agent,
    session: `s-${index % 7}`,
    data: { message: `number ${index}`, costMicros: index },
  });
  await Promise.all(Array.from({ length: count }, (_, index) => journal.append(event(index))));
}

const indexOf = (directory: string): string => join(directory, "index.sqlite");

/** Asks a few questions, and compares the answers with those of the ledger. */
async function agrees(directory: string): Promise<number> {
  await using reader = await openReader(directory);
  const { size } = await reader.query();
  for (const query of [{ agent: "a", limit: 1000 }, { id: "a-3" }, { text: "number 5" }]) {
    const [found, scanned] = [await reader.query(query), await reader.query(query, { scan: true })];
    assert.deepEqual(found, scanned);
  }
  const groups = { groupBy: "session" } as const;
  assert.deepEqual(await reader.stats(groups), await reader.stats(groups, { scan: true }));
  return size;
}

async function countOf(directory: string, agent: string): Promise<number> {
  await using reader = await openReader(directory);
  return (await reader.query({ agent, limit: 10_000 })).entries.length;
}

suite("the index is made anew", () => {
  test("when it is missing", async () => {
    const directory = await filled(100);
    assert.equal(await agrees(directory), 100);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(indexOf(directory) + suffix, { force: true });
    assert.equal(await agrees(directory), 100);
  });

  const damages: Record<string, (path: string) => void> = {
    "it is garbage": (path) => writeFileSync(path, "garbage ".repeat(2000)),
    "it is empty": (path) => truncateSync(path, 0),
    "it is cut short": (path) => truncateSync(path, 4096 * 3),
    "it is cut within a page": (path) => truncateSync(path, 4096 * 5 + 100),
    "its first page is zeros": (path) => overwrite(path, 0, 4096),
    "all but its first page is zeros": (path) => overwrite(path, 4096, 1e6),
    "it was made by a newer version": (path) => sql(path, "PRAGMA user_version = 999"),
    "it was made by an older version": (path) => sql(path, "PRAGMA user_version = 0"),
    "it is another program's": (path) => sql(path, "PRAGMA application_id = 7"),
    "its tokens are gone": (path) => sql(path, "DROP TABLE tokens_0"),
    "its cursor is gone": (path) => sql(path, "DELETE FROM cursor"),
    "it ends with another entry": (path) =>
      sql(path, `UPDATE cursor SET hash = '${"0".repeat(64)}'`),
    "it goes further than the ledger": (path) => sql(path, "UPDATE cursor SET next = 1000"),
    "its places are others": (path) => sql(path, "UPDATE entry SET offset = offset + 1"),
  };
  let specimen: string | undefined;
  for (const [when, damage] of Object.entries(damages)) {
    test(`when ${when}`, async () => {
      if (specimen === undefined) await agrees((specimen = await filled(300)));
      const directory = copyOf(specimen);
      damage(indexOf(directory));
      assert.equal(await agrees(directory), 300);
    });
  }

  test("when the journal was replaced by another of the same size, or a longer one", async () => {
    for (const size of [50, 80]) {
      const [directory, other] = [await filled(50), await filled(size, "b")];
      assert.equal(await agrees(directory), 50);
      for (const part of ["ledger", "head", "stele.json"]) {
        rmSync(join(directory, part), { recursive: true });
        cpSync(join(other, part), join(directory, part), { recursive: true });
      }
      assert.equal(await agrees(directory), size);
      assert.deepEqual([await countOf(directory, "a"), await countOf(directory, "b")], [0, size]);
    }
  });
});

test("an entry that the ledger no longer has as indexed is no answer", async () => {
  const directory = await filled(20);
  assert.equal(await agrees(directory), 20);
  sql(indexOf(directory), "UPDATE entry SET offset = (SELECT offset FROM entry WHERE seq = 4)");
  await using reader = await openReader(directory);
  const { entries } = await reader.query({ id: "a-7" });
  assert.deepEqual(
    entries.map(({ event }) => event.id),
    ["a-7"],
  );
});

test("a damaged journal is asked as far as it is intact", async () => {
  const directory = await filled(40);
  const segment = join(directory, "ledger", "00000000000000000000.jsonl");
  const text = readFileSync(segment, "utf8");
  writeFileSync(segment, text.replace("number 25", "number 52"));
  await using reader = await openReader(directory);
  await assert.rejects(reader.query(), { code: "JOURNAL_DAMAGED", seq: 25 });
  await assert.rejects(reader.query({ to: 25 }), { code: "JOURNAL_DAMAGED", seq: 25 });
  const { entries, size } = await reader.query({ to: 24, order: "desc" });
  assert.deepEqual([entries[0]?.seq, entries.length, size], [24, 25, 25]);
  assert.equal((await reader.stats({ to: 24 })).groups[0]?.count, 25);
});

test("a kill -9 while it is being made costs no more than time", async () => {
  const directory = await large();
  for (const ms of [150, 250, 350, 500]) {
    const child = new Child("asking-process.ts", [directory]);
    await delay(ms);
    await child.kill();
  }
  assert.equal(await agrees(directory), 20_000);
});

test("closing does not wait until a large journal is indexed", async () => {
  const directory = await large();
  const reader = await openReader(directory);
  const asked = reader.query().then(
    () => "answered",
    (error: unknown) => error instanceof SteleError && error.code,
  );
  await reader.close();
  assert.equal(await asked, "JOURNAL_CLOSED");
  assert.equal((await reader.query({ limit: 1 })).size, 20_000);
  await reader.close();
});

test("two processes and the writer feed one index at the same time", async () => {
  const directory = await newJournal(root);
  await using journal = await open(directory, { index: true });
  const children = [1, 2].map(() => new Child("asking-process.ts", [directory, "6"]));
  for (let round = 0; round < 15; round++) {
    await appendTo(journal, 400, `a${round}`);
    await journal.append({ type: "note", agent: "a" });
    await journal.query({ agent: "a" });
  }
  for (const child of children) {
    const { status, errors } = await child.ended();
    assert.equal(status, 0, errors);
  }
  await journal.close();
  assert.equal(await agrees(directory), 15 * 401);
});

test("a directory that takes no file is asked all the same", { skip: isRoot() }, async () => {
  const directory = await filled(30);
  chmodSync(directory, 0o555);
  assert.equal(await agrees(directory), 30);
  chmodSync(directory, 0o755);
  assert.equal(existsSync(indexOf(directory)), false);
});

test("where no index can be, one is made for the process alone", async () => {
  const directory = await filled(30);
  mkdirSync(indexOf(directory));
  assert.equal(await agrees(directory), 30);
});

test("without the index every question is answered, and no file is made", async () => {
  const directory = await filled(30);
  await using reader = await openReader(directory, { index: false });
  const { entries, next } = await reader.query({ agent: "a", limit: 10, order: "desc" });
  assert.deepEqual([entries[0]?.seq, next], [29, 20]);
  assert.equal(existsSync(indexOf(directory)), false);
});

test("the index holds neither contents nor messages", async () => {
  const directory = await newJournal(root);
  const journal = await open(directory);
  const content = { prompt: "Zanzibar" };
  await journal.append({ type: "note", data: { message: "Timbuktu" } }, { content });
  assert.equal((await journal.query({ text: "timbuktu" })).entries.length, 1);
  await journal.close();
  const bytes = readFileSync(indexOf(directory), "latin1");
  for (const word of ["Zanzibar", "zanzibar", "Timbuktu", "timbuktu"]) {
    assert.equal(bytes.includes(word), false, word);
  }
});

function sql(path: string, statement: string): void {
  const database = new DatabaseSync(path);
  database.exec(statement);
  database.close();
}

function overwrite(path: string, from: number, count: number): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0, from, Math.min(bytes.length, from + count)));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
