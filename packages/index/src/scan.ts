import type { Entry } from "@stele/core/ledger";
import type { LedgerReader } from "@stele/store/reading";
import type { Search } from "./candidates.ts";
import { factsOf } from "./facts.ts";
import { factsMeet, type Conditions } from "./filter.ts";
import { Tally, type Group, type Stat } from "./stats.ts";

// The same questions without an index: every entry is read and looked at.

/** The entries that meet the conditions, from the ledger alone. */
export async function scanLedger(
  ledger: LedgerReader,
  { conditions, order, limit }: Search,
): Promise<{ readonly entries: readonly Entry[]; readonly size: number }> {
  const { size } = await ledger.durable();
  const { to } = conditions;
  const from = Math.max(conditions.from, await ledger.first());
  const entries: Entry[] = [];
  const range = { from, to: Math.min(to, size - 1), reverse: order === "desc" };
  for await (const page of ledger.readPages(range)) {
    for (const { entry } of page) {
      if (factsMeet(factsOf(entry), conditions)) entries.push(entry);
      if (entries.length >= limit) return { entries, size };
    }
  }
  return { entries, size };
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
