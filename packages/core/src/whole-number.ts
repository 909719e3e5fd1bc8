/** A whole number of up to 64 bits, as callers give it and records hold it. */
export type WholeNumber = number | bigint | string;

/** The largest whole number in a record, at which sums stop: 2^64 - 1. */
export const MAX_WHOLE = 0xffff_ffff_ffff_ffffn;

const DIGITS = /^(0|[1-9][0-9]{0,19})$/;

/**
 * A whole number that was read from a record: an integer of 0 to 2^53 - 1, or decimal digits
 * without a leading zero. Undefined for anything else, and for what is over MAX_WHOLE.
 */
export function toWhole(untrusted: unknown): bigint | undefined {
  if (typeof untrusted === "number") {
    return Number.isSafeInteger(untrusted) && untrusted >= 0 ? BigInt(untrusted) : undefined;
  }
  if (typeof untrusted === "string" && !DIGITS.test(untrusted)) return undefined;
  if (typeof untrusted !== "string" && typeof untrusted !== "bigint") return undefined;
  const value = BigInt(untrusted);
  return value >= 0n && value <= MAX_WHOLE ? value : undefined;
}

/**
 * As a record holds it: a JSON integer up to 2^53 - 1, else decimal digits as a string. The value
 * is from 0 to MAX_WHOLE, or a RangeError is thrown.
 */
export function fromWhole(value: bigint): number | string {
  if (value < 0n || value > MAX_WHOLE) throw new RangeError(`${value} is not from 0 to 2^64 - 1`);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}

/** The sum of two whole numbers; MAX_WHOLE when it would be more. */
export function saturatingAdd(a: bigint, b: bigint): bigint {
  const sum = a + b;
  return sum > MAX_WHOLE ? MAX_WHOLE : sum;
}
