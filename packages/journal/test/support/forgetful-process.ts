import { openJournal } from "@stele/journal";

// Appends to a journal and does not close it, with a checkpoint due in an hour.

const [directory = ""] = process.argv.slice(2);
const journal = await openJournal(directory, { checkpointIntervalMs: 3_600_000 });
await journal.append({ type: "note" });
console.log("appended");
