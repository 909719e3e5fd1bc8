// Reads the journal named by the first argument with as many readers as the second says, each in
// its own way, until the entry of type "test.end". Prints a line for each reader: what it saw, or
// what was wrong.
import assert from "node:assert/strict";
import { writeSync } from "node:fs";
import { parseCheckpoint } from "@stele/core/checkpoint";
import { openReader, type Entry, type JournalReader } from "@stele/journal";

const directory = process.argv[2]!;
const count = Number(process.argv[3]!);

/** Each must be linked to the one before, with none missing. */
class Chain {
  last: Entry | undefined;

  add(entry: Entry): void {
    const { last } = this;
    if (last) {
      assert.equal(entry.seq, last.seq + 1);
      assert.equal(entry.prev, last.hash);
    }
    this.last = entry;
  }
}

/** Follows from `from` on. Now and then it looks for the seal that must cover what it sees. */
async function follow(reader: JournalReader, from: number): Promise<string> {
  const chain = new Chain();
  for await (const entry of reader.follow(from)) {
    if (!chain.last) assert.equal(entry.seq, from);
    chain.add(entry);
    if (entry.seq % 100 === 0) await assertSealed(reader, entry.seq);
    if (entry.event.type === "test.end") break;
  }
  return `followed ${from} ${chain.last!.seq} ${chain.last!.hash}`;
}

async function assertSealed(reader: JournalReader, seq: number): Promise<void> {
  const text = (await reader.checkpoint()).split("\n\n")[0]!;
  assert.ok(parseCheckpoint(`${text}\n`).size > seq);
}

/** Reads the newest entries backwards, over and over, and some at random. */
async function lookBack(reader: JournalReader): Promise<string> {
  for (let round = 0; ; round++) {
    const entries: Entry[] = [];
    for await (const entry of reader.read({ reverse: true })) {
      entries.push(entry);
      if (entries.length === 50) break;
    }
    const chain = new Chain();
    for (const entry of entries.toReversed()) chain.add(entry);
    const size = await reader.size();
    if (size > 0)
      assert.equal((await reader.get((round * 7919) % size)).seq, (round * 7919) % size);
    if (chain.last?.event.type === "test.end")
      return `looked back ${chain.last.seq} ${chain.last.hash}`;
  }
}

/** Verifies the whole journal, over and over. */
async function verify(reader: JournalReader): Promise<string> {
  for (;;) {
    const size = await reader.size();
    const ended = size > 0 && (await reader.get(size - 1)).event.type === "test.end";
    const { verdict, firstBad } = await reader.verify({ threads: 1 });
    assert.equal(verdict, "intact", firstBad?.reason);
    if (ended) return `verified ${size - 1} ${(await reader.get(size - 1)).hash}`;
  }
}

async function run(index: number): Promise<string> {
  const reader = await openReader(directory);
  if (index === 0) return verify(reader);
  return index === 1 ? lookBack(reader) : follow(reader, 10 * (index - 2));
}

const readers = Array.from({ length: count }, async (_, index) => {
  const result = await run(index).catch((error: unknown) => `wrong: ${String(error)}`);
  writeSync(1, `${result}\n`);
});
writeSync(1, "ready\n");
await Promise.all(readers);
