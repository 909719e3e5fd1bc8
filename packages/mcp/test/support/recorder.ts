import { openJournal } from "@stele/journal";
import { recordMcp } from "@stele/mcp";

// stele mcp without the command line: recorder.ts DIR closed|open COMMAND [ARG ...]

const [directory = "", policy, command = "", ...args] = process.argv.slice(2);
process.exitCode = await recordMcp({
  openJournal: () => openJournal(directory),
  command,
  args,
  session: "test-session",
  whenUnrecordable: policy === "open" ? "open" : "closed",
});
