/**
 * What a check of a journal found. `corrupt`: bytes that are no ledger, as a failing disk leaves
 * them. `tampered`: well-formed lines that are not what was sealed. `truncated`: the journal's own
 * marks name more entries than there are. `rolled-back`: only evidence from outside does.
 * `forked`: evidence from outside names other entries. `re-signed`: a seal is by another key than
 * its epoch's. `re-created`: the journal began with another key than the pinned one. `wrong-key`:
 * the pinned key is another journal's. `stale`: the evidence from outside is too old.
 */
export type VerdictKind =
  | "intact"
  | "tampered"
  | "corrupt"
  | "truncated"
  | "rolled-back"
  | "forked"
  | "re-signed"
  | "re-created"
  | "wrong-key"
  | "stale";

/** The first thing that is wrong, and why. */
export interface Finding {
  readonly verdict: Exclude<VerdictKind, "intact">;
  /** The entry that the bad bytes are or follow. */
  readonly seq: number;
  readonly reason: string;
}

/** What was checked, and what it is worth. Never only "valid". */
export interface Verdict {
  readonly verdict: VerdictKind;
  /** How many entries are sealed and checked, up to the first finding. */
  readonly size: number;
  /** Base64 root of the tree over those entries. */
  readonly root: string;
  readonly firstBad: { readonly seq: number; readonly reason: string } | null;
  /** What lies behind the last seal: acknowledged to nobody. */
  readonly unsealed: { readonly entries: number; readonly bytes: number };
  /**
   * Contents beside the ledger: those that match their entries, those that did not come with the
   * journal, and those that are gone as a sealed entry says. `unerased`: how many of the checked
   * ones are there although an entry says that they were erased.
   */
  readonly contents: {
    readonly checked: number;
    readonly absent: number;
    readonly erased: number;
    readonly unerased: number;
  };
  /**
   * Events that agents signed: those that are by a key of their agent's, as entries name them; and,
   * where old entries were dropped, those whose key the ones that are left do not name.
   */
  readonly signatures: { readonly checked: number; readonly unchecked: number };
  /** The oldest entries, which were dropped: only their hashes were checked. Null when none were. */
  readonly pruned: {
    /** How many, from the first one on. */
    readonly entries: number;
    /** The time of the first entry that is kept; null when it cannot be read. */
    readonly before: string | null;
    /** When the entry that says so was recorded, and its `seq`; null when it was not reached. */
    readonly at: string | null;
    readonly seq: number | null;
    /** Why, and who wanted it, as that entry says. */
    readonly reason: string | null;
    readonly by: string | null;
  } | null;
  /**
   * The most that evidence from outside shows to be what it was when that was made; null when there
   * is none, or none that agrees.
   */
  readonly anchored: {
    /** How many entries, from the first one on. */
    readonly size: number;
    /** A checkpoint that the caller kept, or what witnesses countersigned. */
    readonly by: "checkpoint" | "witnesses";
    /** The names of those pinned ones that did. */
    readonly witnesses: readonly string[];
    /** When enough of them had, by their own clocks; null for a checkpoint, which has no time. */
    readonly at: string | null;
  } | null;
  /** The entries behind that, and the time of the first one of them, if it can be read. */
  readonly unanchored: { readonly entries: number; readonly since: string | null };
  readonly assurance: {
    /**
     * `pinned`: the caller named the key. `self`: it was taken from the journal, whose keeper may
     * have replaced it.
     */
    readonly key: "pinned" | "self";
    /** The newest evidence from outside the journal. */
    readonly freshness: "none" | "checkpoint" | "witnessed";
    /** Time of the last sealed entry, by the writer's clock; null in an empty journal. */
    readonly sealedAt: string | null;
  };
  /** What this check cannot rule out, in plain sentences. */
  readonly cannotRuleOut: readonly string[];
}
