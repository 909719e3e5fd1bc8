// Appends to the journal named by its first argument and publishes it into the second one, again
// and again until it is killed. Prints a line "open", then "published SIZE" each time.
import { writeSync } from "node:fs";
import { openJournal } from "@stele/journal";

const [directory, out] = process.argv.slice(2);
const journal = await openJournal(directory!);
writeSync(1, "open\n");
for (let round = 0; ; round++) {
  const event = { type: "test.event", data: "x".repeat(100) };
  const count = 1 + ((round * 97) % 400);
  await Promise.all(Array.from({ length: count }, async () => journal.append(event)));
  const { size } = await journal.publish(out!);
  writeSync(1, `published ${size}\n`);
}
