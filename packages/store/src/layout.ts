// Where things lie in a journal's directory (spec/ledger.md section 1).

export const MANIFEST = "stele.json";
export const LEDGER = "ledger";
export const CONTENT = "content";
export const QUARANTINE = "quarantine";
export const CURSORS = "cursors";
export const HEAD = "head";
export const CHECKPOINT = "checkpoint";
export const TILE = "tile";
/** Where the entry is that says what was dropped, and what is needed on of it. */
export const PRUNED = "pruned.jsonl";
/** Which entries name agents' keys; derived. */
export const AGENTS = "agents";
export const LOCK = "lock";
/** Ends the name of a file that is not complete yet. */
export const TEMPORARY = ".tmp";

/** Joins path parts with `/`. */
export function join(...parts: readonly string[]): string {
  return parts.join("/");
}
