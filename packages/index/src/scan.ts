import type { EntryLine, LedgerReader } from "@stele/store/reading";
import type { Search } from "./candidates.ts";
import { factsOf } from "./facts.ts";
import { factsMeet, type Conditions } from "./filter.ts";
import { Tally, type Group, type Stat } from "./stats.ts";

// The same questions without an index: every entry is read and looked at.

/** The entries that meet the conditions, from the ledger alone. */
export async function scanLedger(
  ledger: LedgerReader,
  { conditions, order, limit }: Search,
): Promise<{ readonly lines: readonly EntryLine[]; readonly size: number }> {
  const { size } = await ledger.durable();
  const { to } = conditions;
  const from = Math.max(conditions.from, await ledger.first());
  const lines: EntryLine[] = [];
  const range = { from, to: Math.min(to, size - 1), reverse: order === "desc" };
  for await (const page of ledger.readPages(range)) {
    for (const line of page) {
      if (factsMeet(factsOf(line.entry), conditions)) lines.push(line);
      if (lines.length >= limit) return { lines, size };
    }
  }
  return { lines, size };
}

/** Counts and sums from the ledger alone. */
export async function scanStats(
  ledger: LedgerReader,
  conditions: Conditions,
  group: Group | undefined,
): Promise<{ readonly groups: readonly Stat[]; readonly size: number }> {
  const { size } = await ledger.durable();
  const { to } = conditions;
  const from = Math.max(conditions.from, await ledger.first());
  const tally = new Tally(group);
  for await (const page of ledger.readPages({ from, to: Math.min(to, size - 1) })) {
    for (const { entry } of page) {
      const facts = factsOf(entry);
      if (factsMeet(facts, conditions)) tally.addEntry(facts);
    }
  }
  return { groups: tally.stats(), size };
}
