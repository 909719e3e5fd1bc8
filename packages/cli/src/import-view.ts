import type { Finding, Report } from "@stele/import";
import { bold, dim, formatBytes, green, harmless, red, yellow } from "./style.ts";

/** A report on another system's file in plain language, with its newline. */
export function formatReport(report: Report, reason: string | undefined): string {
  const { format, verdict, entries, headHash, keyed, sizeBytes, notes, unprotected } = report;
  const paint = verdict === "intact" ? green : red;
  const word = verdict === "intact" ? "intact" : verdict.toUpperCase();
  const lines = [
    `${paint(bold(word))}: ${format}, ${entries} entries, ${formatBytes(sizeBytes)}`,
    ...(reason === undefined ? [] : [`  format    ${format}: ${reason}`]),
    `  head      ${harmless(headHash ?? "none")}`,
    `  key       ${keyed ? "the one you gave" : "none given"}`,
    ...report.findings.flatMap(formatFinding),
  ];
  if (report.omittedFindings > 0) {
    lines.push(red(`  and ${report.omittedFindings} more`));
  }
  lines.push(...notes.map((note) => yellow(`  note      ${harmless(note)}`)));
  lines.push(dim("  the format does not protect:"));
  lines.push(...unprotected.map((what) => dim(`  - ${what}`)));
  return `${lines.join("\n")}\n`;
}

/** What a take-over did, with its newline; undefined when it was not done. */
export function formatTaken(
  taken: { readonly added: number; readonly present: number } | undefined,
): string {
  if (!taken) return `${red("nothing was taken over")}: --accept-broken takes what can be read\n`;
  return `taken over: ${taken.added} entries added, ${taken.present} were there already\n`;
}

function formatFinding(finding: Finding): readonly string[] {
  const { line, offsetBytes, index, code, message, expected, found, segment } = finding;
  const byte = line === null ? `byte ${offsetBytes}` : `line ${line}, byte ${offsetBytes}`;
  const file = segment && `${harmless(segment.name)}, byte ${segment.offsetBytes} (${byte} of all)`;
  const where = file ?? byte;
  const lines = [red(`  ${where}, record ${index}: ${harmless(message)} (${code})`)];
  if (expected !== null) lines.push(`    expected  ${harmless(expected)}`);
  if (found !== null) lines.push(`    found     ${harmless(found)}`);
  return lines;
}
