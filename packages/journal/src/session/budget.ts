import { SteleError } from "@stele/core/error";
import { MAX_REFERENCE_LENGTH } from "@stele/core/event";
import { fromWhole, toWhole, type WholeNumber } from "@stele/core/whole-number";
import type { Receipt } from "../journal.ts";
import type { BudgetState } from "./budget-book.ts";
import type { Live } from "./session.ts";

/** A part of a budget that is set aside. */
export interface Reservation {
  readonly reservation: string;
  readonly amountMicros: bigint;
}

/**
 * An amount of money in millionths, which calls reserve from and commit to. Always remaining +
 * reserved + committed = amount. Each step is decided at once, and stands once its record does.
 */
export class Budget {
  readonly name: string;
  readonly #live: Live;

  /** For `Session.budget`. */
  constructor(live: Live, name: string) {
    this.name = name;
    this.#live = live;
    this.#state();
  }

  /** What it was opened with. */
  get amountMicros(): bigint {
    return this.#state().amount;
  }

  /** What can still be reserved. */
  get remainingMicros(): bigint {
    return this.#state().remaining;
  }

  /** What is set aside. */
  get reservedMicros(): bigint {
    return this.#state().reserved;
  }

  /** What is spent. */
  get committedMicros(): bigint {
    return this.#state().committed;
  }

  /** What is reserved and neither committed nor released, the oldest first; also after a crash. */
  reservations(): readonly Reservation[] {
    const { open } = this.#state();
    return [...open].map(([reservation, amountMicros]) => ({ reservation, amountMicros }));
  }

  /**
   * Sets an amount aside, under a name of the caller's or a new one. Resolves when that is durable.
   * Throws BUDGET_EXCEEDED when less remains, BUDGET_EXISTS when the name is in use.
   */
  async reserve(
    amountMicros: WholeNumber,
    options: { readonly reservation?: string | undefined } = {},
  ): Promise<Reservation & { readonly receipt: Receipt }> {
    const amount = amountOf(amountMicros);
    const reservation = nameOf(options.reservation ?? this.#live.journal.newName());
    const { open, remaining } = this.#state();
    if (open.has(reservation)) throw exists(`the reservation ${reservation} is open already`);
    if (amount > remaining) throw this.#exceeded(amount, remaining, "remain");
    const receipt = await this.#record("budget.reserved", reservation, amount);
    return { reservation, amountMicros: amount, receipt };
  }

  /**
   * Spends a reservation: its amount, or less, and the rest goes back; or more, as far as that much
   * remains. Resolves when that is durable. Throws BUDGET_EXCEEDED when less remains, and
   * BUDGET_RESERVATION_UNKNOWN when none of the name is open.
   */
  async commit(reservation: string, amountMicros?: WholeNumber): Promise<Receipt> {
    const held = this.#held(reservation);
    const amount = amountMicros === undefined ? held : amountOf(amountMicros);
    const left = held + this.remainingMicros;
    if (amount > left) throw this.#exceeded(amount, left, "are reserved or remain");
    return this.#record("budget.committed", reservation, amount);
  }

  /** Gives a reservation back. Resolves when that is durable. Throws BUDGET_RESERVATION_UNKNOWN. */
  async release(reservation: string): Promise<Receipt> {
    this.#held(reservation);
    return this.#record("budget.released", reservation);
  }

  #record(type: string, reservation: string, amount?: bigint): Promise<Receipt> {
    const { id: session, journal } = this.#live;
    const amountMicros = amount === undefined ? undefined : fromWhole(amount);
    const data = { budget: this.name, reservation, amountMicros };
    return journal.append({ type, session, data });
  }

  #held(reservation: string): bigint {
    const held = this.#state().open.get(reservation);
    if (held !== undefined) return held;
    const message = `${this.name} has no open reservation ${JSON.stringify(reservation)}`;
    throw new SteleError("BUDGET_RESERVATION_UNKNOWN", message);
  }

  #state(): BudgetState {
    const state = this.#live.state.counted.budgets.get(this.name);
    if (state) return state;
    const message = `the session ${this.#live.id} has no budget ${JSON.stringify(this.name)}`;
    throw new SteleError("BUDGET_UNKNOWN", message);
  }

  #exceeded(asked: bigint, left: bigint, what: string): SteleError {
    const message = `${asked} micros of ${this.name} were asked for, and ${left} ${what}`;
    return new SteleError("BUDGET_EXCEEDED", message);
  }
}

/** Opens a budget of a session. */
export async function openBudget(
  live: Live,
  name: string,
  amountMicros: WholeNumber,
): Promise<Budget> {
  const budget = nameOf(name);
  const amount = fromWhole(amountOf(amountMicros));
  if (live.state.counted.budgets.get(budget)) throw exists(`there is a budget ${budget} already`);
  const data = { budget, amountMicros: amount };
  await live.journal.append({ type: "budget.opened", session: live.id, data });
  return new Budget(live, budget);
}

function amountOf(untrusted: unknown): bigint {
  const amount = toWhole(untrusted);
  if (amount !== undefined) return amount;
  const message = `amountMicros must be a whole number of 64 bits, not ${String(untrusted)}`;
  throw new SteleError("OPTION_INVALID", message);
}

function nameOf(untrusted: unknown): string {
  const isName = typeof untrusted === "string" && untrusted !== "";
  if (isName && untrusted.length <= MAX_REFERENCE_LENGTH) return untrusted;
  const message = `budgets and reservations have names of 1 to ${MAX_REFERENCE_LENGTH} characters`;
  throw new SteleError("OPTION_INVALID", message);
}

function exists(message: string): SteleError {
  return new SteleError("BUDGET_EXISTS", message);
}
