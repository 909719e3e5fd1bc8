import { SteleError, type ErrorCode } from "@stele/core/error";
import type { Search } from "./candidates.ts";
import type { EntryColumns } from "./entry-columns.ts";
import { indexFailed } from "./index-error.ts";
import type { SumRequest } from "./sums.ts";

/** What the index's thread is asked. */
export type ThreadRequest = { readonly id: number } & (
  | { readonly kind: "catchUp" }
  | { readonly kind: "follow" }
  | { readonly kind: "find"; readonly search: Search }
  | { readonly kind: "sum"; readonly request: SumRequest }
  | { readonly kind: "rebuild" }
  | { readonly kind: "close" }
);

/** What it answers: how far it is, now and then, and once for each request. */
export type ThreadReply = { readonly id: number } & (
  | { readonly kind: "progress"; readonly indexed: number; readonly total: number }
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "failed"; readonly failure: Failure }
);

/** What a thread that reads entries answers, once for each message. */
export type SourceReply =
  | { readonly kind: "columns"; readonly columns: EntryColumns }
  | { readonly kind: "end" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** A SteleError on its way between threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
  readonly seq: number | undefined;
  readonly path: string | undefined;
}

/** What failed in a thread of the index of this directory. */
export function failureOf(directory: string, error: unknown): Failure {
  const { code, message, fix, seq, path } =
    error instanceof SteleError ? error : indexFailed(directory, error);
  return { code, message, fix, seq, path };
}

/** The error again, in the other thread. */
export function errorOf({ code, message, fix, seq, path }: Failure): SteleError {
  const details = { fix, ...(seq !== undefined && { seq }), ...(path !== undefined && { path }) };
  return new SteleError(code, message, details);
}
