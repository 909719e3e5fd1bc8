import { openReader } from "@stele/journal";
import { onlyDirectory, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { print } from "../output.ts";

export const checkpoint: Command = {
  name: "checkpoint",
  synopsis: "DIR",
  summary: "print the newest signed checkpoint, to keep elsewhere",
  help: `
Prints the journal's newest seal: a signed C2SP checkpoint, a few lines of text. Keep it where the
journal's keeper cannot reach it; stele verify DIR --checkpoint FILE then shows whether anything
that it covers was cut off or rewritten.

Example:
  stele checkpoint ./journal > monday.txt
`,
  options: {},
  run: async (call: Call) => {
    const reader = await openReader(onlyDirectory(checkpoint, call));
    await print(await reader.checkpoint());
    return 0;
  },
};
