// Fills the journal named by its argument, says so, and waits to be killed.
import { writeSync } from "node:fs";
import { openJournal } from "@stele/journal";
import { fill } from "./fill.ts";

const journal = await openJournal(process.argv[2]!);
await fill(journal);
writeSync(1, "filled\n");
setInterval(() => undefined, 1000);
