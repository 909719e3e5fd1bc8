import { SteleError } from "../error.ts";
import { MAX_DEPTH } from "./depth.ts";
import { Reader, type ParsedJson } from "./reader.ts";

/** How to read a JSON text. */
export interface JsonOptions {
  /**
   * A number that no double holds: refuse it (the default), or make it a string of its digits, in
   * value and text.
   */
  readonly inexactNumbers?: "refuse" | "string";
  /** How many objects and arrays may lie in each other: 128 unless given, at most 1000. */
  readonly maxDepth?: number;
}

/** The reader recurses; this many levels fit in any engine's stack. */
const LARGEST_MAX_DEPTH = 1000;

/**
 * Reads a JSON text (RFC 8259) that comes from outside, strictly: what two readers could understand
 * differently is refused. Throws JSON_SYNTAX, JSON_DUPLICATE_KEY, JSON_LONE_SURROGATE,
 * JSON_NUMBER_INEXACT or JSON_TOO_DEEP with the offset in UTF-16 units, and OPTION_INVALID. Every
 * member, `__proto__` too, becomes an own property. Linear.
 */
export function parseJson(untrusted: string, options: JsonOptions = {}): ParsedJson {
  const { inexactNumbers = "refuse", maxDepth = MAX_DEPTH } = options;
  if (!Number.isInteger(maxDepth) || maxDepth < 0 || maxDepth > LARGEST_MAX_DEPTH) {
    const limit = `a whole number from 0 to ${LARGEST_MAX_DEPTH}`;
    throw new SteleError("OPTION_INVALID", `maxDepth must be ${limit}; it is ${maxDepth}`);
  }
  return new Reader(untrusted, inexactNumbers === "string", maxDepth).read();
}
