import type { ExportSummary } from "@stele/import/writing";
import { harmless } from "./style.ts";

/** What an export wrote and left out, in plain language, a fact a line. */
export function formatExport(summary: ExportSummary): string {
  const { format, records, asTheyWere, chainedAnew, made, leftOut, notes } = summary;
  const reasons = Object.entries(REASONS).flatMap(([why, words]) => {
    const count = leftOut[why as keyof typeof leftOut];
    return count === 0 ? [] : [`${count} ${words}`];
  });
  const lines = [
    `${format}: ${records} ${records === 1 ? "record" : "records"}: ${asTheyWere} as they were, ` +
      `${chainedAnew} chained anew, ${made} made of Stele's own`,
    ...(reasons.length === 0 ? [] : [`left out: ${reasons.join(", ")}`]),
    ...(records === 0 ? ["warning: no entry has a record of this format: the file is empty"] : []),
    ...notes.map((note) => `warning: ${harmless(note)}`),
  ];
  return `${lines.join("\n")}\n`;
}

const REASONS: Readonly<Record<keyof ExportSummary["leftOut"], string>> = {
  journal: "that the journal wrote about itself",
  otherType: "of other types",
  otherSession: "of other sessions",
  erased: "whose record was erased",
  wrong: "whose record was wrong in the file that it came from",
};
