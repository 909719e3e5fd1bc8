import { openJournal, SteleError } from "@stele/journal";
import type { Pruned } from "@stele/journal/results";
import { duration, onlyDirectory, text, usage, type Call } from "../arguments.ts";
import type { Command } from "../command.ts";
import { forPeople, print, printJson } from "../output.ts";
import { dim, harmless, yellow } from "../style.ts";
import { parseTime } from "../time-expression.ts";

export const prune: Command = {
  name: "prune",
  synopsis:
    "DIR [--before TIME|SEQ] [--keep DURATION] [--reason TEXT] [--by NAME] [--dry-run] [--json]",
  help: `
Drops whole segments of the ledger, and the contents beside them, from the oldest on, whose every
entry is older: never the last one, nor what a cursor or a witness still waits for. An entry says
what went. The hashes stay, so that everything else still verifies, and old checkpoints and proofs
still count; stele verify says what is gone, and since when. Nothing brings the entries back.

  --before TIME|SEQ  entries before that time, such as 2026-05-01 or 2026-05-01T14:00 (UTC), or
                     before the entry of that number
  --keep DURATION    entries older than that: 24h, 183d
  --reason TEXT      why, for the entry that says so
  --by NAME          who wanted it, for the same
  --dry-run          say what would go, and drop nothing
  --json             print JSON, also on a terminal

Examples:
  stele prune ./journal --keep 183d --reason "retention policy 4" --dry-run
  stele prune ./journal --before 2026-05-01
`,
  options: {
    before: { type: "string" },
    keep: { type: "string" },
    reason: { type: "string" },
    by: { type: "string" },
    "dry-run": { type: "boolean" },
    json: { type: "boolean" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const directory = onlyDirectory(prune, call);
  const before = readBefore(call);
  const keepMs = duration(prune, call, "keep");
  if (before === undefined && keepMs === undefined) {
    throw usage(prune, "say what to drop: --before or --keep");
  }
  const dryRun = call.options["dry-run"] === true;
  const [reason, by] = [text(call, "reason"), text(call, "by")];
  await using journal = await openJournal(directory);
  if (typeof before === "number") requireEntries(before, journal.sealedSize);
  const pruned = await journal.prune({ before, keepMs, reason, by, dryRun });
  if (forPeople(call.options)) await print(describe(pruned, dryRun));
  else await printJson(pruned);
  return 0;
}

/** Digits alone are the number of an entry. */
function readBefore(call: Call): number | Date | undefined {
  const words = text(call, "before");
  if (words === undefined) return undefined;
  if (/^[0-9]{1,15}$/.test(words)) return Number(words);
  return new Date(parseTime(prune, { name: "before", text: words, nowMs: Date.now() }));
}

/** A day without its dashes is a number, too: everything would go. */
function requireEntries(before: number, size: number): void {
  if (before <= size) return;
  const fix = "a day has dashes, such as 2026-05-01";
  const message = `there is no entry ${before}: the journal has ${size}`;
  throw new SteleError("SEQ_OUT_OF_RANGE", message, { fix });
}

function describe(pruned: Pruned, dryRun: boolean): string {
  const { segments, first, receipt, heldBy } = pruned;
  const count = (number: number): string => number.toLocaleString("en");
  const what = `${count(pruned.entries)} entries in ${segments.length} segments`;
  const verb = dryRun ? "would drop" : "dropped";
  const begins = dim(`the journal begins with entry ${first}`);
  const lines =
    segments.length === 0
      ? [`nothing to drop: ${begins}`]
      : [`${verb} ${what}, ${count(pruned.bytes)} bytes: ${begins}`];
  if (receipt) lines.push(`entry ${receipt.seq} says so`);
  if (heldBy !== null) lines.push(yellow(`kept back by ${harmless(heldBy)}`));
  return `${lines.join("\n")}\n`;
}
