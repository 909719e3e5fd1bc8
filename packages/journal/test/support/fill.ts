import type { Journal } from "@stele/journal";

/** Entries in the journal that `fill` makes. */
export const FILLED_SIZE: number = 20 * 3 + 40;

/**
 * Appends twenty commits of three entries, and a last one of forty that spans several blocks of the
 * disk.
 */
export async function fill(journal: Journal): Promise<void> {
  for (let commit = 0; commit < 20; commit++) await appendTogether(journal, 3);
  await appendTogether(journal, 40);
}

async function appendTogether(journal: Journal, count: number): Promise<void> {
  const data = "x".repeat(300);
  await Promise.all(
    Array.from({ length: count }, async () => journal.append({ type: "note", data })),
  );
}
