import type { Entry } from "@stele/core/ledger";

/** What a query's answer was made of, as the `query` event says. */
export interface QueryAudit {
  readonly resultHash: string | undefined;
  readonly confidence: number | undefined;
  readonly contributions: readonly Contribution[];
}

/** An assertion that an answer rests on. */
export interface Contribution {
  /** Its hash. */
  readonly assertion: string;
  readonly weight: number | undefined;
  /** The hash of where it came from. */
  readonly source: string | undefined;
  readonly lifecycle: string | undefined;
  /** The newest entry whose id is the assertion's hash, when the journal has one. */
  readonly entry?: Entry | undefined;
}

/** How many contributions of a query are read. */
const MAX_CONTRIBUTIONS = 1000;

/** Reads the data of a `query` event, which may be of any form. */
export function readAudit(untrusted: unknown): QueryAudit | undefined {
  if (!isObject(untrusted)) return undefined;
  const { resultHash, confidence, contributions } = untrusted;
  const list: readonly unknown[] = Array.isArray(contributions) ? contributions : [];
  return {
    resultHash: text(resultHash),
    confidence: number(confidence),
    contributions: list.slice(0, MAX_CONTRIBUTIONS).flatMap(readContribution),
  };
}

function readContribution(untrusted: unknown): readonly Contribution[] {
  if (!isObject(untrusted)) return [];
  const { assertion, weight, source, lifecycle } = untrusted;
  if (typeof assertion !== "string" || assertion === "") return [];
  return [{ assertion, weight: number(weight), source: text(source), lifecycle: text(lifecycle) }];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
