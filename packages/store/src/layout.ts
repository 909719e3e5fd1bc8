// Where things lie in a journal's directory (spec/ledger.md section 1).

export const MANIFEST = "stele.json";
export const LEDGER = "ledger";
export const CONTENT = "content";
export const QUARANTINE = "quarantine";
export const CURSORS = "cursors";
export const HEAD = "head";
export const CHECKPOINT = "checkpoint";
export const TILE = "tile";
export const LOCK = "lock";
/** Ends the name of a file that is not complete yet. */
export const TEMPORARY = ".tmp";

/** Joins path parts with `/`. */
export function join(...parts: readonly string[]): string {
  return parts.join("/");
}
