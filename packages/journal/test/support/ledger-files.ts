import { cpSync, mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The ledger files of a journal, in order. */
export function ledgerFiles(directory: string): readonly string[] {
  const ledger = join(directory, "ledger");
  return readdirSync(ledger)
    .toSorted()
    .map((name) => join(ledger, name));
}

/** A copy of a journal, without its lock, in a new directory below `root`. */
export function copyJournal(directory: string, root: string): string {
  const copy = join(mkdtempSync(join(root, "copy-")), "journal");
  cpSync(directory, copy, { recursive: true, filter: (path) => !path.includes("/lock") });
  return copy;
}
