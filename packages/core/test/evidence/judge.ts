import assert from "node:assert/strict";
import { utf8 } from "@stele/core/bytes";
import {
  checkEntryProof,
  ExtractChecker,
  parseEntryProof,
  type Evidence,
  type Proven,
  type Trust,
} from "@stele/core/evidence";
import type { SigningKey } from "@stele/core/key";
import { primitives } from "../vectors/primitives.ts";

/** What the proof file shows to who pins the key. */
export function judge(
  text: string | Uint8Array,
  key: SigningKey,
  trust: Partial<Trust> = {},
): Evidence {
  const bytes = typeof text === "string" ? utf8(text) : text;
  return checkEntryProof(primitives, { ...trust, key }, parseEntryProof(bytes));
}

/** What the extract shows to who pins the key, and which entries' lines it gave. */
export function judgeExtract(
  text: readonly string[] | Uint8Array,
  key: SigningKey,
  onEntry?: (line: string) => void,
): Evidence {
  const checker = new ExtractChecker(primitives, { key }, onEntry);
  checker.push(text instanceof Uint8Array ? text : utf8(text.join("")));
  return checker.end();
}

/** The evidence, which must be proof. */
export function proven(evidence: Evidence): Proven {
  if (evidence.proven) return evidence;
  return assert.fail(`not proven: ${evidence.reason}`);
}

/** Asserts that it is no proof, for this reason. */
export function unproven(evidence: Evidence, reason: RegExp, what?: string): void {
  assert.ok(!evidence.proven, what);
  assert.match(evidence.reason, reason, what);
}
