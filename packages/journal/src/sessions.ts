export type { Budget, Reservation } from "./session/budget.ts";
export type { BudgetState } from "./session/budget-book.ts";
export type { SessionCheck, SessionMismatch } from "./session/check.ts";
export type {
  Decided,
  Decision,
  DenyCode,
  DenyReason,
  Guard,
  GuardedCall,
} from "./session/guard.ts";
export type { GuardLimits } from "./session/guard-limits.ts";
export type { Session } from "./session/session.ts";
export type { SessionTotals, ToolCount } from "./session/tally.ts";
export type { SessionView } from "./session/view.ts";
