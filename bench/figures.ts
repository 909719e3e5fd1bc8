import type { AppendRow } from "./append.ts";
import type { ContenderName } from "./contenders/all.ts";
import type { Machine } from "./machine.ts";
import type { ProofRow, PublishRow } from "./evidence.ts";
import type { GuardResult } from "./trials/guard.ts";
import type { ImportRow } from "./import.ts";
import type { IndexRow } from "./index.ts";
import type { OpenRow } from "./open.ts";
import type { AppendResult } from "./trials/append.ts";
import type { Costs } from "./trials/costs.ts";
import type { VerifyRow } from "./verify.ts";

/** All that one run measured. Parts that were not asked for are empty. */
export interface Run {
  readonly date: string;
  readonly machine: Machine;
  readonly measureMs: number;
  readonly rounds: number;
  readonly costs: Costs;
  readonly append: readonly AppendRow[];
  readonly verify: readonly VerifyRow[];
  readonly open: readonly OpenRow[];
  readonly proofs: readonly ProofRow[];
  readonly publish: readonly PublishRow[];
  readonly index: readonly IndexRow[];
  readonly guard: readonly GuardResult[];
  readonly import: readonly ImportRow[];
}

/** Where the arithmetic limit is computed, and what most aims speak of. */
export const GROUP = 256;

/** The median figures of a contender; undefined when it was not measured. */
export function appendFigures(
  run: Run,
  contender: ContenderName,
  inFlight: number,
): AppendResult | undefined {
  return run.append.find((row) => row.contender === contender && row.inFlight === inFlight)?.median;
}
