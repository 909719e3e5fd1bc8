import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { openReader, type Entry } from "@stele/journal";
import { Child } from "./support/child.ts";
import { fill, FILLED_SIZE } from "./support/fill.ts";
import { copyJournal, ledgerFiles } from "./support/ledger-files.ts";
import { newJournal, open, scratch } from "./support/scratch.ts";

// What SQLite, NATS and etcd were each seen to lose records over: one fault in bytes that were
// synced and acknowledged. The journal must refuse to write, name the first bad entry, change
// nothing, and read what lies before it.

const BLOCK_BYTES = 4096;
const root = scratch("damage");

type Place = (seq: number) => number;
type Fault = (bytes: Buffer, startOf: Place, seq: number) => Buffer;

/** Each changes the ledger so that the entry is the first that is bad. */
const FAULTS: Readonly<Record<string, Fault>> = {
  "a flipped bit": (bytes, startOf, seq) => {
    bytes[startOf(seq) + 100]! ^= 0x10;
    return bytes;
  },
  "a flipped bit in the last byte before the newline": (bytes, startOf, seq) => {
    bytes[startOf(seq + 1) - 2]! ^= 0x01;
    return bytes;
  },
  "eight zeroed bytes where the number is": (bytes, startOf, seq) =>
    bytes.fill(0, startOf(seq), startOf(seq) + 8),
  "eight zeroed bytes across the newline": (bytes, startOf, seq) =>
    bytes.fill(0, startOf(seq + 1) - 4, startOf(seq + 1) + 4),
  "a removed line": (bytes, startOf, seq) =>
    Buffer.concat([bytes.subarray(0, startOf(seq)), bytes.subarray(startOf(seq + 1))]),
};

for (const ending of ["a clean close", "kill -9"] as const) {
  suite(`after ${ending}`, () => {
    let directory: string;
    let entries: readonly Entry[];
    let startOf: Place;

    before(async () => {
      directory = await newJournal(root);
      if (ending === "kill -9") await fillAndKill(directory);
      else await fillAndClose(directory);
      entries = await Array.fromAsync((await openReader(directory)).read());
      assert.equal(entries.length, FILLED_SIZE);
      const ledger = readFileSync(ledgerFiles(directory)[0]!, "latin1");
      startOf = (seq) => ledger.indexOf(`{"seq":${seq},`);
    });

    const places = { "in the middle": 31, "in the last commit": FILLED_SIZE - 15 };
    for (const [where, seq] of Object.entries(places)) {
      for (const [name, fault] of Object.entries(FAULTS)) {
        test(`${name} ${where} is refused at its entry, and not cut`, async () => {
          await expectRefused(seq, (bytes) => fault(bytes, startOf, seq));
        });
      }
    }

    test("a dropped block anywhere is refused at its first entry, and not cut", async () => {
      const ledger = readFileSync(ledgerFiles(directory)[0]!);
      for (let start = BLOCK_BYTES; start < ledger.length; start += BLOCK_BYTES) {
        const whole = entries.filter(({ seq }) => ledger.indexOf("\n", startOf(seq)) < start);
        const zeroed = (bytes: Buffer): Buffer =>
          bytes.fill(0, start, Math.min(start + BLOCK_BYTES, bytes.length));
        await expectRefused(whole.length, zeroed);
      }
    });

    async function expectRefused(seq: number, fault: (bytes: Buffer) => Buffer): Promise<void> {
      const copy = copyJournal(directory, root);
      const [path = ""] = ledgerFiles(copy);
      const damaged = fault(readFileSync(path));
      writeFileSync(path, damaged);
      await assert.rejects(open(copy), { code: "JOURNAL_DAMAGED", seq });
      assert.deepEqual(readFileSync(path), damaged);
      const reader = await openReader(copy);
      const { verdict, firstBad } = await reader.verify();
      assert.ok(verdict === "corrupt" || verdict === "tampered", verdict);
      assert.equal(firstBad!.seq, seq);
      const read: Entry[] = [];
      const reading = async (): Promise<void> => {
        for await (const entry of reader.read()) read.push(entry);
      };
      await assert.rejects(reading(), { code: "JOURNAL_DAMAGED", seq });
      assert.deepEqual(read, entries.slice(0, seq));
    }
  });
}

async function fillAndClose(directory: string): Promise<void> {
  await using journal = await open(directory);
  await fill(journal);
}

async function fillAndKill(directory: string): Promise<void> {
  const child = new Child("filler-process.ts", [directory]);
  await child.wrote("filled");
  const { errors } = await child.kill();
  assert.equal(errors, "");
}
