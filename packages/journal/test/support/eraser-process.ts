// Appends to the journal named by its first argument, and erases half of it over and over, until it
// is killed. Prints "open", then "erased SIZE" when all contents of user-1 below SIZE are gone.
import { writeSync } from "node:fs";
import { openJournal } from "@stele/journal";

const journal = await openJournal(process.argv[2]!);
writeSync(1, "open\n");

async function append(): Promise<void> {
  const appends = ["user-1", "user-2"].map((subject) => {
    const body = `${subject} says ${"x".repeat(2000)}`;
    return journal.append({ type: "note", subject }, { content: { body } });
  });
  await Promise.all(appends);
}

for (;;) {
  for (let count = 0; count < 4; count++) await append();
  const size = journal.sealedSize;
  await Promise.all([journal.erase({ subject: "user-1", reason: "asked to" }), append(), append()]);
  writeSync(1, `erased ${size}\n`);
}
