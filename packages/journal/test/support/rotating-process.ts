// A journal in the directory named by the first argument whose key, in STELE_KEY_FILE, is followed
// by two others, for faults to be injected into. Prints a line for each thing that happened.
import { linkSync, writeSync } from "node:fs";
import { openJournal, SteleError } from "@stele/journal";

const directory = process.argv[2]!;
const keyPath = process.env["STELE_KEY_FILE"]!;

function say(...words: readonly (string | number)[]): void {
  writeSync(1, `${words.join(" ")}\n`);
}

async function live(): Promise<void> {
  await using journal = await openJournal(directory);
  for (let epoch = 0; epoch < 2; epoch++) {
    const { seq, hash } = await journal.append({ type: "test.event" });
    say("receipt", seq, hash);
    linkSync(keyPath, `${keyPath}.old-${epoch}`);
    await journal.rotateKey();
    say("rotated");
  }
  const { seq, hash } = await journal.append({ type: "test.event" });
  say("receipt", seq, hash);
}

try {
  await live();
  say("done");
} catch (error) {
  if (error instanceof SteleError) say("error", error.code, error.message);
  else say("uncoded", error instanceof Error ? (error.stack ?? error.message) : String(error));
}
