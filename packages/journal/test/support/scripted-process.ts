// The short life of a journal, for faults to be injected into: made, opened, appended to with
// contents and across rotations, closed, all in the directory named by the first argument. Prints a
// line for each thing that happened.
import { writeSync } from "node:fs";
import { createJournal, openJournal, SteleError } from "@stele/journal";

const directory = process.argv[2]!;

function say(...words: readonly (string | number)[]): void {
  writeSync(1, `${words.join(" ")}\n`);
}

async function live(): Promise<void> {
  await createJournal(directory, { segmentBytes: 1024 });
  say("created");
  await using journal = await openJournal(directory);
  for (let index = 0; index < 5; index++) {
    const event = { type: "test.event", id: `event-${index}`, data: "x".repeat(200) };
    const content = index % 2 === 0 ? { body: `body ${index}` } : {};
    const { seq, hash } = await journal.append(event, { content });
    say("receipt", seq, hash);
  }
}

try {
  await live();
  say("done");
} catch (error) {
  if (error instanceof SteleError) say("error", error.code, error.message);
  else say("uncoded", error instanceof Error ? (error.stack ?? error.message) : String(error));
}
