import { toWhole } from "@stele/core/whole-number";

/** A budget as its records leave it: remaining + reserved + committed = amount, always. */
export interface BudgetState {
  readonly amount: bigint;
  readonly remaining: bigint;
  readonly reserved: bigint;
  readonly committed: bigint;
  /** What is reserved and neither committed nor released, by name, oldest first. */
  readonly open: ReadonlyMap<string, bigint>;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * The budgets of a session, as a pure function of its records in their order (spec/sessions.md
 * section 4). A record that breaks a rule changes nothing, whoever wrote it.
 */
export class BudgetBook {
  readonly #budgets = new Map<string, BudgetState>();

  /** The state of a budget; undefined when no record opened it. */
  get(name: string): BudgetState | undefined {
    return this.#budgets.get(name);
  }

  /** Their names, in the order of opening. */
  names(): string[] {
    return [...this.#budgets.keys()];
  }

  /** Applies a record. */
  apply(type: string, untrusted: Members): void {
    const { budget, reservation } = untrusted;
    const amount = toWhole(untrusted["amountMicros"]);
    if (typeof budget !== "string") return;
    const state = this.#budgets.get(budget);
    if (type === "budget.opened") {
      if (!state && amount !== undefined) this.#budgets.set(budget, opened(amount));
      return;
    }
    if (!state || typeof reservation !== "string") return;
    const next = step(state, type, { reservation, amount });
    if (next) this.#budgets.set(budget, next);
  }

  /** A book of its own with the same states. */
  clone(): BudgetBook {
    const copy = new BudgetBook();
    for (const [name, state] of this.#budgets) copy.#budgets.set(name, state);
    return copy;
  }
}

function opened(amount: bigint): BudgetState {
  return { amount, remaining: amount, reserved: 0n, committed: 0n, open: new Map() };
}

function step(
  state: BudgetState,
  type: string,
  { reservation, amount }: { readonly reservation: string; readonly amount: bigint | undefined },
): BudgetState | undefined {
  const held = state.open.get(reservation);
  if (type === "budget.reserved") {
    if (held !== undefined || amount === undefined || amount > state.remaining) return undefined;
    return {
      ...state,
      remaining: state.remaining - amount,
      reserved: state.reserved + amount,
      open: new Map(state.open).set(reservation, amount),
    };
  }
  if (held === undefined) return undefined;
  const given = type === "budget.released" ? 0n : undefined;
  const spent = type === "budget.committed" ? amount : given;
  if (spent === undefined || spent > state.remaining + held) return undefined;
  const open = new Map(state.open);
  open.delete(reservation);
  return {
    ...state,
    remaining: state.remaining + held - spent,
    reserved: state.reserved - held,
    committed: state.committed + spent,
    open,
  };
}
