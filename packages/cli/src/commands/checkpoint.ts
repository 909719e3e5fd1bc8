import { openReader } from "@stele/journal";
import { onlyDirectory, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { print } from "../output.ts";

export const checkpoint: Command = {
  name: "checkpoint",
  synopsis: "DIR [--seal]",
  help: `
Prints the newest signed C2SP checkpoint, a few lines of text: the one in DIR/checkpoint, with the
cosignatures of witnesses, or the newest seal if that is newer and there are no cosignatures. Keep
it where the journal's keeper cannot reach it; stele verify DIR --checkpoint FILE then shows whether
anything that it covers was cut off or rewritten.

  --seal  always the newest seal

Example:
  stele checkpoint ./journal > monday.txt
`,
  options: { seal: { type: "boolean" } },
  run: async (call: Call) => {
    const reader = await openReader(onlyDirectory(checkpoint, call));
    await print(await reader.checkpoint({ seal: call.options["seal"] === true }));
    return 0;
  },
};
