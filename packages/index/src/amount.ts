const DECIMAL = /^(?:0|[1-9][0-9]{0,19})$/;
const MAX = 2n ** 64n - 1n;

/**
 * A whole number of an event's `data`: a JSON integer up to 2^53 - 1, or decimal text up to
 * 2^64 - 1. Undefined when it is neither.
 */
export function toWhole(untrusted: unknown): number | bigint | undefined {
  if (typeof untrusted === "number") {
    return Number.isSafeInteger(untrusted) && untrusted >= 0 ? untrusted : undefined;
  }
  if (typeof untrusted !== "string" || !DECIMAL.test(untrusted)) return undefined;
  const value = BigInt(untrusted);
  return value <= MAX ? value : undefined;
}
