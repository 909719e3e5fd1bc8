// Appends to the journal named by its first argument until it is killed, and prints what was
// acknowledged: a line "open SIZE", then "SEQ HASH ID" for each receipt. The second argument seeds
// what it appends.
import { writeSync } from "node:fs";
import { openJournal, type Journal } from "@stele/journal";
import { SeededRandom } from "@stele/store/testing";

const IN_FLIGHT = 8;

const directory = process.argv[2]!;
const seed = Number(process.argv[3]!);
const random = new SeededRandom(seed);
let count = 0;

async function appendForever(journal: Journal): Promise<void> {
  for (;;) {
    const id = `${seed}-${count++}`;
    const event = { type: "test.event", id, data: { text: "é".repeat(random.below(300)) } };
    const content = random.below(4) === 0 ? { body: random.bytes(random.below(9000)) } : {};
    const { seq, hash } = await journal.append(event, { content });
    // At once and whole: what the parent has read was acknowledged, whenever the kill comes.
    writeSync(1, `${seq} ${hash} ${id}\n`);
  }
}

const journal = await openJournal(directory);
writeSync(1, `open ${journal.sealedSize}\n`);
await Promise.all(Array.from({ length: IN_FLIGHT }, () => appendForever(journal)));
