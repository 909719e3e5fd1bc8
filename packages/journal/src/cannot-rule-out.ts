import { sameKey, type VerifierKey } from "@stele/core/key";
import type { Verdict } from "@stele/core/verdict";
import type { KeyHistory } from "@stele/store/reading";

/** What the sentences depend on. */
export interface Doubts {
  /** What evidence from outside covers. */
  readonly anchored: Verdict["anchored"];
  readonly history: KeyHistory;
  readonly pinned: VerifierKey | undefined;
  /** Whether a checkpoint from outside that one of the journal's keys signed bears that key out. */
  readonly isKeyKept: boolean;
  /** How many entries were dropped, from the first one on. */
  readonly pruned: number;
  /** How many signed events there are whose agents' keys were dropped. */
  readonly unchecked: number;
}

/** What a check cannot see, in plain sentences; each says from which entry on. */
export function cannotRuleOut(doubts: Doubts): readonly string[] {
  const size = doubts.anchored?.size ?? 0;
  return [
    ...replaced(doubts, size),
    `that ${entriesFrom(size)} were removed from the end with all their traces`,
    ...rewritten(doubts, size),
    ...withHelp(doubts),
    ...unread(doubts),
    ...unsigned(doubts),
    "that something was never recorded, or recorded wrongly by its writer",
  ];
}

function replaced({ pinned, isKeyKept }: Doubts, size: number): readonly string[] {
  if (pinned ?? isKeyKept) return [];
  const taken = "its key was taken from itself";
  if (size === 0) return [`that the whole journal was replaced: ${taken}`];
  return [`that ${entriesFrom(size)} are somebody else's: ${taken}`];
}

/**
 * A key's holder can write anew what its epoch covers, and everything after that with keys of their
 * own. Who pins a key that others came before believes its holder about those too.
 */
function rewritten(doubts: Doubts, size: number): readonly string[] {
  const { epochs, recoveryKey } = doubts.history;
  const present = epochs.at(-1)!;
  if (present.key.type === "hmac-sha256") {
    return [`that anybody who can check this journal rewrote ${entriesFrom(size)}`];
  }
  const pinned = doubts.pinned ?? epochs[0]!.key;
  const isLast = sameKey(pinned, present.key);
  const recovery = recoveryKey
    ? [`that a holder of the recovery key rewrote ${entriesFrom(Math.max(size, 1))}`]
    : [];
  if (epochs.length === 1 || (doubts.pinned && isLast)) {
    return [`that a holder of the signing key rewrote ${entriesFrom(size)}`, ...recovery];
  }
  const since = Math.max(size, present.first);
  const earlier = `that somebody kept an earlier key, and rewrote ${entriesFrom(size)} with it`;
  return [
    `that a holder of the present key rewrote ${entriesFrom(since)}`,
    ...(size < present.first ? [earlier] : []),
    ...recovery,
  ];
}

function withHelp({ anchored }: Doubts): readonly string[] {
  if (anchored?.by !== "witnesses") return [];
  const names = anchored.witnesses.join(" and ");
  const before = `rewrote entries before ${anchored.size}`;
  return [`that a holder of the signing key, with the help of ${names}, ${before}`];
}

function unread({ pruned }: Doubts): readonly string[] {
  if (pruned === 0) return [];
  return [`that entries before ${pruned}, of which only hashes are left, were malformed`];
}

function unsigned({ unchecked, pruned }: Doubts): readonly string[] {
  if (unchecked === 0) return [];
  const events = unchecked === 1 ? "a signed event is" : `${unchecked} signed events are`;
  return [`that ${events} not the agents': entries before ${pruned} named their keys, if any did`];
}

function entriesFrom(size: number): string {
  return size === 0 ? "entries" : `entries from ${size} on`;
}
