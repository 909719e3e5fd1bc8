import type { Verdict } from "@stele/journal";
import { bold, dim, green, harmless, red, yellow } from "./style.ts";

/** A verdict in plain language, with its newline. */
export function formatVerdict(verdict: Verdict): string {
  const { firstBad, size, root, unsealed, contents, assurance } = verdict;
  const kind = red(bold(verdict.verdict.toUpperCase()));
  const entries = count(size, "entry", "entries");
  const lines = [
    firstBad
      ? `${kind} at entry ${firstBad.seq}: ${harmless(firstBad.reason)}`
      : `${green(bold("intact"))}: ${entries}, every line, link and seal checked`,
    ...(firstBad ? [`  before that, ${entries} sealed and intact`] : []),
    `  root      ${root}`,
    `  sealed    ${assurance.sealedAt ?? "nothing yet"}`,
    `  key       ${keyText(assurance.key)}`,
    `  freshness ${freshnessText(assurance.freshness)}`,
  ];
  if (unsealed.bytes > 0) {
    const what = `${count(unsealed.entries, "entry", "entries")}, ${unsealed.bytes} bytes`;
    lines.push(yellow(`  unsealed  ${what} behind the last seal: acknowledged to nobody`));
  }
  if (contents.checked > 0) lines.push(`  contents  ${contents.checked} match their entries`);
  if (contents.absent > 0) {
    lines.push(yellow(`  contents  ${contents.absent} did not come with the journal: not checked`));
  }
  lines.push(dim("  cannot rule out:"), ...verdict.cannotRuleOut.map((what) => dim(`  - ${what}`)));
  return `${lines.join("\n")}\n`;
}

function keyText(key: Verdict["assurance"]["key"]): string {
  return key === "pinned" ? "the one you gave" : "taken from the journal itself; pin it with --key";
}

function freshnessText(freshness: Verdict["assurance"]["freshness"]): string {
  switch (freshness) {
    case "none":
      return "no evidence from outside; keep checkpoints with: stele checkpoint DIR > FILE";
    case "checkpoint":
      return "held against the checkpoint you gave";
    case "witnessed":
      return "held against a witnessed checkpoint";
  }
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
