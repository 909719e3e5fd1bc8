import type { WholeNumber } from "../whole.ts";
import { recordType, type RecordType } from "../record-type.ts";
import { name, whole } from "../schema.ts";

/** A budget begins with so much. */
export interface BudgetOpenedData {
  readonly budget: string;
  readonly amountMicros: WholeNumber;
}

/** So much of a budget is set aside, or spent. */
export interface BudgetAmountData extends BudgetOpenedData {
  readonly reservation: string;
}

/** What was set aside is free again. */
export interface BudgetReleasedData {
  readonly budget: string;
  readonly reservation: string;
}

const budget = { schema: name, meaning: "the budget's id" };
const reservation = { schema: name, meaning: "the reservation's id" };
const amount = (meaning: string) => ({ schema: whole, meaning }) as const;

/** The types `budget.opened`, `budget.reserved`, `budget.committed` and `budget.released`. */
export const budgetTypes: readonly RecordType[] = [
  recordType<BudgetOpenedData>({
    type: "budget.opened",
    meaning: "A budget begins.",
    members: { budget, amountMicros: amount("all of it, in millionths of the unit") },
  }),
  recordType<BudgetAmountData>({
    type: "budget.reserved",
    meaning: "Part of a budget is set aside.",
    members: { budget, reservation, amountMicros: amount("how much is set aside") },
  }),
  recordType<BudgetAmountData>({
    type: "budget.committed",
    meaning: "A reservation was spent: less than it held, and the rest is free again, or more.",
    members: { budget, reservation, amountMicros: amount("how much was spent of it") },
  }),
  recordType<BudgetReleasedData>({
    type: "budget.released",
    meaning: "A reservation was given up.",
    members: { budget, reservation },
  }),
];
