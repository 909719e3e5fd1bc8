import { SegmentChecker, type SegmentEnd } from "@stele/core/checker";
import { parseVerifierKey } from "@stele/core/key";
import type { Finding } from "@stele/core/verdict";
import { primitives } from "./primitives.ts";

/**
 * What `SegmentChecker` says of a segment up to its first finding. Throws what the header's check
 * throws.
 */
export function checkLines(
  vkey: string,
  lines: readonly string[],
): { readonly finding: Finding | undefined; readonly end: SegmentEnd } {
  const [header = "", ...rest] = lines;
  const key = parseVerifierKey(primitives, vkey);
  const checker = new SegmentChecker(primitives, { key }, Buffer.from(header));
  for (const line of rest) {
    // The checker borrows the byte in front of a line, and a newline follows it.
    const buffer = Buffer.from(`\n${line}\n`);
    const finding = checker.check(buffer, 1, buffer.length - 1);
    if (finding) return { finding, end: checker.end };
  }
  return { finding: undefined, end: checker.end };
}
