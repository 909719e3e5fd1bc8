import type { Verdict } from "@stele/journal";
import { bold, dim, green, harmless, red, yellow } from "./style.ts";

/** A verdict in plain language, with its newline. Ages are as of `nowMs`. */
export function formatVerdict(verdict: Verdict, nowMs: number): string {
  const { firstBad, size, root, unsealed, contents, signatures, assurance } = verdict;
  const entries = count(size, "entry", "entries");
  const lines = [
    firstBad
      ? `${kindText(verdict)}: ${harmless(firstBad.reason)}`
      : `${green(bold("intact"))}: ${entries}, every line, link and seal checked`,
    ...(firstBad ? [`  checked   ${entries}, sealed and intact`] : []),
    ...prunedLines(verdict),
    `  root      ${root}`,
    `  sealed    ${assurance.sealedAt ?? "nothing yet"}`,
    `  key       ${keyText(assurance.key)}`,
    `  outside   ${outsideText(verdict, nowMs)}`,
    ...exposedLines(verdict, nowMs),
  ];
  if (unsealed.bytes > 0) {
    const what = `${count(unsealed.entries, "entry", "entries")}, ${unsealed.bytes} bytes`;
    lines.push(yellow(`  unsealed  ${what} behind the last seal: acknowledged to nobody`));
  }
  if (contents.checked > 0) lines.push(`  contents  ${contents.checked} match their entries`);
  if (contents.erased > 0) lines.push(`  contents  ${contents.erased} erased, as entries say`);
  if (contents.unerased > 0) {
    const what =
      "are there although entries say they were erased: open the journal, or erase again";
    lines.push(yellow(`  contents  ${contents.unerased} ${what}`));
  }
  if (signatures.checked > 0) lines.push(`  agents    ${signatures.checked} events are as signed`);
  if (signatures.unchecked > 0) {
    const why = "their keys were named by entries that were dropped";
    lines.push(yellow(`  agents    ${signatures.unchecked} signed events not checked: ${why}`));
  }
  if (contents.absent > 0) {
    lines.push(yellow(`  contents  ${contents.absent} did not come with the journal: not checked`));
  }
  lines.push(dim("  cannot rule out:"), ...verdict.cannotRuleOut.map((what) => dim(`  - ${what}`)));
  return `${lines.join("\n")}\n`;
}

/** These concern the journal as a whole. */
const PLACELESS: readonly string[] = ["forked", "re-created", "wrong-key", "stale"];

function kindText({ verdict, firstBad }: Verdict): string {
  const kind = red(bold(verdict.toUpperCase()));
  return PLACELESS.includes(verdict) ? kind : `${kind} at entry ${firstBad!.seq}`;
}

function keyText(key: Verdict["assurance"]["key"]): string {
  return key === "pinned" ? "the one you gave" : "taken from the journal itself; pin it with --key";
}

/** What evidence from outside shows. */
function outsideText({ anchored, assurance }: Verdict, nowMs: number): string {
  if (anchored) {
    const entries = count(anchored.size, "entry", "entries");
    if (anchored.by === "checkpoint") return `${entries}, by the checkpoint that you gave`;
    const when = anchored.at === null ? "" : `, ${age(anchored.at, nowMs)} ago (${anchored.at})`;
    return `${entries}, countersigned by ${harmless(anchored.witnesses.join(", "))}${when}`;
  }
  if (assurance.freshness !== "none") return "nothing: the evidence does not agree";
  return "no evidence; keep checkpoints with: stele checkpoint DIR > FILE";
}

/** What is gone, and since when. */
function prunedLines({ pruned }: Verdict): readonly string[] {
  if (!pruned) return [];
  const { entries, at, seq, reason, before } = pruned;
  const older = before === null ? "" : `, all before ${before}`;
  const why = reason === null ? "" : `: ${harmless(reason)}`;
  const since = seq === null ? "" : ` since ${at} (entry ${seq}${why})`;
  return [
    `  pruned    ${count(entries, "entry", "entries")}${older}, gone${since}; hashes are left`,
  ];
}

/** What no evidence from outside covers: only where there is some. */
function exposedLines({ anchored, unanchored }: Verdict, nowMs: number): readonly string[] {
  const { entries, since } = unanchored;
  if (!anchored || entries === 0) return [];
  const when = since === null ? "" : `, for ${age(since, nowMs)}`;
  return [yellow(`  exposed   ${count(entries, "entry", "entries")} behind that${when}`)];
}

/** How long ago: 3 minutes. */
function age(time: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(time)) / 1000));
  if (seconds < 120) return count(seconds, "second", "seconds");
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} minutes`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} hours`;
  return `${Math.floor(seconds / 86_400)} days`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
