// Opens and appends to the journal named by the first argument with more and more file descriptors
// left. Prints the code of each error, then what came of the first opening that succeeded and of a
// rotation without descriptors.
import { closeSync, openSync, writeSync } from "node:fs";
import { openJournal, SteleError, type Journal } from "@stele/journal";

const directory = process.argv[2]!;
const held: number[] = [];

function say(...words: readonly (string | number)[]): void {
  writeSync(1, `${words.join(" ")}\n`);
}

/** Takes every descriptor that is left. */
function takeAll(): void {
  try {
    for (;;) held.push(openSync("/dev/null", "r"));
  } catch {
    // None is left.
  }
}

function describe(error: unknown): string {
  return error instanceof SteleError
    ? `${error.code} ${error.message}`
    : `uncoded ${String(error)}`;
}

async function openWithFew(): Promise<Journal> {
  for (;;) {
    try {
      return await openJournal(directory);
    } catch (error) {
      say("open", describe(error));
      takeAll();
      for (let count = 0; count <= attempts; count++) closeSync(held.pop()!);
      attempts++;
    }
  }
}

let attempts = 0;
takeAll();
const journal = await openWithFew();
say("opened with", attempts);
takeAll();
try {
  for (;;) {
    const { seq, hash } = await journal.append({ type: "note", data: "x".repeat(500) });
    say("receipt", seq, hash);
  }
} catch (error) {
  say("append", describe(error));
}
await journal.close();
say("closed");
