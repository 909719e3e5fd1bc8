import { SegmentChecker, type SegmentEnd } from "@stele/core/checker";
import { parseSigningKey, parseVerifierKey } from "@stele/core/key";
import type { Finding } from "@stele/core/verdict";
import { primitives } from "./primitives.ts";

/** What a segment is checked with. */
export interface GivenKeys {
  readonly vkey: string;
  readonly secretKey?: string | undefined;
  readonly recoveryKey?: string | undefined;
}

/**
 * What `SegmentChecker` says of a segment up to its first finding. Throws what the header's check
 * throws.
 */
export function checkLines(
  { vkey, secretKey, recoveryKey }: GivenKeys,
  lines: readonly string[],
): { readonly finding: Finding | undefined; readonly end: SegmentEnd } {
  const [header = "", ...rest] = lines;
  const keys = {
    key: secretKey ? parseSigningKey(primitives, secretKey) : parseVerifierKey(primitives, vkey),
    recoveryKey: recoveryKey ? parseVerifierKey(primitives, recoveryKey) : undefined,
  };
  const checker = new SegmentChecker(primitives, keys, Buffer.from(header));
  for (const line of rest) {
    // The checker borrows the byte in front of a line, and a newline follows it.
    const buffer = Buffer.from(`\n${line}\n`);
    const finding = checker.check(buffer, 1, buffer.length - 1);
    if (finding) return { finding, end: checker.end };
  }
  return { finding: undefined, end: checker.end };
}
