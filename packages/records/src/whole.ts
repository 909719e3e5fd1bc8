import { SteleError } from "@stele/core/error";
import { fromWhole, MAX_WHOLE } from "@stele/core/whole-number";

export type { WholeNumber } from "@stele/core/whole-number";

/**
 * The value with every bigint in it as JSON can hold it: a number up to 2^53-1, else decimal text.
 * Throws RECORD_INVALID for what no unsigned 64-bit number holds. Other values are not looked at.
 */
export function withoutBigInts(value: unknown, pointer = ""): unknown {
  if (typeof value === "bigint") return fromBigInt(value, pointer);
  if (Array.isArray(value))
    return value.map((item, at) => withoutBigInts(item, `${pointer}/${at}`));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      withoutBigInts(member, `${pointer}/${key}`),
    ]),
  );
}

function fromBigInt(value: bigint, pointer: string): number | string {
  if (value < 0n || value > MAX_WHOLE) {
    const message = `${pointer}: expected a whole number from 0 to 2^64-1, got ${value}`;
    throw new SteleError("RECORD_INVALID", message);
  }
  return fromWhole(value);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
