import type { LedgerReader, PlacedLine } from "@stele/store/reading";
import { ColumnsMaker, type EntryColumns } from "./entry-columns.ts";

/** Which entries, both ends included, and how many at once. */
export interface SourceRange {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * Reads entries for the index, each checked as `LedgerReader.readPages` does. What lies in front of
 * damage comes before the error.
 */
export async function* readColumns(
  ledger: LedgerReader,
  { from, to, count }: SourceRange,
): AsyncGenerator<EntryColumns, void, undefined> {
  const maker = new ColumnsMaker();
  let slice: PlacedLine[] = [];
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const page of ledger.readPages({ from, to })) {
      for (const line of page) {
        slice.push(line);
        if (slice.length < count) continue;
        yield maker.make(slice);
        slice = [];
      }
    }
  } catch (error) {
    failure = { error };
  }
  if (slice.length > 0) yield maker.make(slice);
  if (failure) throw failure.error;
}
