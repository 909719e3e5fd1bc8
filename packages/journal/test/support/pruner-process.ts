// Appends to the journal named by its first argument and prunes it until it is killed. Prints what
// was acknowledged: "SEQ HASH" for each receipt, "before SEQ" when it begins to prune something.
import { writeSync } from "node:fs";
import { openJournal, type Journal } from "@stele/journal";

const directory = process.argv[2]!;

async function appendForever(journal: Journal): Promise<void> {
  for (let index = 0; ; index++) {
    const content = index % 5 === 0 ? { body: "x".repeat(500) } : {};
    const { seq, hash } = await journal.append({ type: "test.event" }, { content });
    writeSync(1, `${seq} ${hash}\n`);
  }
}

async function pruneForever(journal: Journal): Promise<void> {
  for (;;) {
    const before = Math.max(0, journal.sealedSize - 100);
    if (before > 0) writeSync(1, `before ${before}\n`);
    await journal.prune({ before });
  }
}

const journal = await openJournal(directory);
writeSync(1, "open\n");
await Promise.all([
  ...Array.from({ length: 8 }, () => appendForever(journal)),
  pruneForever(journal),
]);
