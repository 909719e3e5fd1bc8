import type { Proven } from "./trust.ts";

/** What evidence leaves open, in plain sentences, as a verdict says it of a journal. */
export function evidenceLimits({ from, to, parts }: Proven): readonly string[] {
  const place = from === to ? `entry ${from}` : `entries ${from} to ${to}`;
  const keys = parts.some(({ trust }) => trust !== "pinned");
  const witnessed = parts.every(({ cosignatures }) => cosignatures.length > 0);
  return [
    "that something false was recorded, or the time was wrong: the journal's keeper states both",
    `what else happened: it shows nothing before or behind ${place}`,
    keys
      ? "that a key on the way was stolen while it was in use, and another history sealed with it"
      : "that the key was stolen, and another history sealed with it",
    ...(witnessed
      ? []
      : ["that others were shown another history: no witness that you named countersigned"]),
  ];
}
