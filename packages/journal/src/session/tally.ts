import { saturatingAdd } from "@stele/core/whole-number";
import { AMOUNTS, type AmountName, type Facts } from "./facts.ts";
import { BudgetBook } from "./budget-book.ts";

/** What a session's entries add up to. Sums are exact, and stop at 2^64 - 1. */
export interface SessionTotals extends Readonly<Record<AmountName, bigint>> {
  /** Tool calls, the denied ones too. */
  readonly invocations: number;
  readonly deniedInvocations: number;
  readonly maxDelegationDepth: number;
}

/** How often a tool was called. */
export interface ToolCount {
  /** The denied calls too. */
  readonly calls: number;
  readonly denied: number;
}

/** What is known of a tool's calls; places count the session's allowed calls from 0. */
export interface ToolCalls {
  calls: number;
  denied: number;
  /** Of the first and the last allowed call; -1 when there is none. */
  first: number;
  last: number;
}

/** The sums of a session's entries. */
export class Tally {
  readonly amounts: bigint[] = AMOUNTS.map(() => 0n);
  invocations = 0;
  denied = 0;
  maxDepth = 0;
  /** The tool of the last allowed call. */
  lastTool: string | undefined;
  readonly tools: Map<string, ToolCalls> = new Map();
  readonly agents: Map<string, number> = new Map();
  budgets: BudgetBook = new BudgetBook();

  /** Counts an entry. */
  add({ type, agent, amounts, call, budget }: Facts): void {
    if (agent !== undefined) this.agents.set(agent, (this.agents.get(agent) ?? 0) + 1);
    if (amounts) {
      for (const [place, amount] of amounts.entries()) {
        if (amount > 0n) this.amounts[place] = saturatingAdd(this.amounts[place]!, amount);
      }
    }
    if (call) this.#addCall(call);
    if (budget) this.budgets.apply(type, budget);
  }

  #addCall({ tool, isDenied, depth }: NonNullable<Facts["call"]>): void {
    const place = this.invocations - this.denied;
    this.invocations++;
    if (depth > this.maxDepth) this.maxDepth = depth;
    let known = this.tools.get(tool);
    if (!known) this.tools.set(tool, (known = { calls: 0, denied: 0, first: -1, last: -1 }));
    known.calls++;
    if (isDenied) {
      known.denied++;
      this.denied++;
      return;
    }
    if (known.first < 0) known.first = place;
    known.last = place;
    this.lastTool = tool;
  }

  /** The sums, by name. */
  totals(): SessionTotals {
    const [bytesRead, bytesWritten, inputTokens, outputTokens, costMicros] = this.amounts;
    return {
      bytesRead: bytesRead!,
      bytesWritten: bytesWritten!,
      invocations: this.invocations,
      deniedInvocations: this.denied,
      inputTokens: inputTokens!,
      outputTokens: outputTokens!,
      costMicros: costMicros!,
      maxDelegationDepth: this.maxDepth,
    };
  }

  /** A tally of its own with the same sums. */
  clone(): Tally {
    const copy = new Tally();
    for (const [place, amount] of this.amounts.entries()) copy.amounts[place] = amount;
    copy.invocations = this.invocations;
    copy.denied = this.denied;
    copy.maxDepth = this.maxDepth;
    copy.lastTool = this.lastTool;
    for (const [tool, calls] of this.tools) copy.tools.set(tool, { ...calls });
    for (const [agent, count] of this.agents) copy.agents.set(agent, count);
    copy.budgets = this.budgets.clone();
    return copy;
  }
}
