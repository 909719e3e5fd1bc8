import { rootBase64 } from "@stele/core/checkpoint";
import {
  evidenceLimits,
  type Evidence,
  type Proven,
  type ProvenCheckpoint,
  type ProvenExtension,
  type ProvenPart,
  type Unproven,
} from "@stele/core/evidence";
import { formatVerifierKey } from "@stele/core/key";
import { bold, dim, green, harmless, red, yellow } from "./style.ts";

/** What a proof file or an extract shows, as one JSON value. */
export function evidenceJson(evidence: Evidence): object {
  if (!evidence.proven) return evidence;
  const { origin, from, to, parts } = evidence;
  const checkpoints = parts.map((part) => ({
    from: part.from,
    to: part.to,
    ...checkpointJson(part),
  }));
  return { proven: true, origin, from, to, checkpoints, cannotRuleOut: evidenceLimits(evidence) };
}

/** What a proof of consistency shows, as one JSON value. */
export function extensionJson(found: ProvenExtension | Unproven): object {
  if (!found.proven) return found;
  const { origin, oldSize } = found;
  return { proven: true, origin, oldSize, ...checkpointJson(found) };
}

/** What a proof file or an extract shows, in plain language, with its newline. */
export function formatEvidence(evidence: Evidence): string {
  if (!evidence.proven) return formatUnproven(evidence);
  const { parts } = evidence;
  const lines = [
    `${green(bold("proven"))}: ${placeOf(evidence)} of ${harmless(evidence.origin)}`,
    ...parts.flatMap((part) => [
      ...(parts.length > 1 ? [`  ${bold(placeOf(part))}`] : []),
      ...checkpointLines(part),
    ]),
    dim("  cannot rule out:"),
    ...evidenceLimits(evidence).map((what) => dim(`  - ${what}`)),
  ];
  return `${lines.join("\n")}\n`;
}

/** What a proof of consistency shows, in plain language, with its newline. */
export function formatExtended(found: ProvenExtension | Unproven): string {
  if (!found.proven) return formatUnproven(found);
  const { origin, size, oldSize } = found;
  const what = `the ${size} entries of ${harmless(origin)} begin with the ${oldSize} of the older`;
  const lines = [`${green(bold("proven"))}: ${what} checkpoint`, ...checkpointLines(found)];
  return `${lines.join("\n")}\n`;
}

function formatUnproven({ reason }: Unproven): string {
  return `${red(bold("NOT PROVEN"))}: ${harmless(reason)}\n`;
}

function placeOf({ from, to }: Pick<Proven | ProvenPart, "from" | "to">): string {
  return from === to ? `entry ${from}` : `entries ${from} to ${to}`;
}

function checkpointJson({ size, root, key, trust, cosignatures }: ProvenCheckpoint): object {
  return {
    size,
    root: rootBase64(root),
    key: formatVerifierKey(key),
    trust,
    cosignatures: cosignatures.map(({ key: witness, timestamp }) => ({
      witness: formatVerifierKey(witness),
      time: timeOf(timestamp),
    })),
  };
}

function checkpointLines(checkpoint: ProvenCheckpoint): string[] {
  const { size, root, key, cosignatures } = checkpoint;
  const witnesses = cosignatures.map(
    ({ key: witness, timestamp }) => `${harmless(witness.name)} at ${timeOf(timestamp)}`,
  );
  return [
    `  checkpoint of ${size} entries, root ${rootBase64(root)}`,
    `  key       ${key.name}+${key.keyId}: ${trustText(checkpoint)}`,
    witnesses.length > 0
      ? `  witnesses ${witnesses.join(", ")}`
      : yellow("  witnesses none that you named with --witness countersigned it"),
  ];
}

function trustText({ trust }: ProvenCheckpoint): string {
  switch (trust) {
    case "pinned":
      return "the one you gave";
    case "changed":
      return "the one you gave led to it";
    case "recovery":
      return "the recovery key, which the journal's first entry names";
  }
}

/** ISO 8601, as far as a date goes. */
function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} seconds after 1970` : date.toISOString();
}
