import { utf8 } from "../bytes.ts";
import { leafHash } from "../hash.ts";
import { parseKeyChange, parseRecoveryKey, type KeyChange } from "../key-event.ts";
import { sameKey, type Primitives, type VerifierKey } from "../key.ts";
import { checkInclusion } from "../proof.ts";
import type { EntryProof } from "./entry-proof.ts";
import { isSigned, orReason } from "./reason.ts";

/** What the pinned key leads to. */
export interface TrustedKey {
  readonly key: VerifierKey;
  /**
   * The first entry that it can vouch for. A key that others named must not speak of what was
   * there before it: else who steals today's could rewrite all the past for those who pinned an
   * earlier one. 0 for the pinned key itself.
   */
  readonly first: number;
  /** What entry 0 names for the case that the key is lost: it counts as much as the key. */
  readonly recoveryKey?: VerifierKey;
  /** Every key on the way, the recovery key too: none may come again. */
  readonly used: readonly VerifierKey[];
}

/**
 * Follows the proofs of key changes from the pinned key on; what stands before the change that
 * names the pinned key proves nothing to who pins it, and is skipped. Returns the last key, or why
 * it is not reached. Costs a signature each.
 */
export function followKeys(
  primitives: Primitives,
  pinned: VerifierKey,
  proofs: readonly EntryProof[],
): TrustedKey | string {
  let trusted: TrustedKey = { key: pinned, first: 0, used: [pinned] };
  const events = proofs.map((proof) => keyEventOf(primitives, pinned.name, proof));
  const named = events.findIndex(({ change }) => change && sameKey(change.next, pinned));
  for (const [place, proof] of proofs.entries()) {
    if (place <= named) continue;
    const { change, recoveryKey } = events[place]!;
    const followed =
      recoveryKey && place === 0
        ? nameRecoveryKey(primitives, trusted, { proof, recoveryKey })
        : follow(primitives, trusted, { proof, change });
    if (typeof followed === "string") return `key change ${place + 1}: ${followed}`;
    trusted = followed;
  }
  return trusted;
}

/**
 * Why the proof does not hold under the key; undefined when it does: the key signed a checkpoint of
 * its own origin, and the tree of that has the leaf at that place.
 */
export function doubtOf(
  primitives: Primitives,
  key: VerifierKey,
  proof: Omit<EntryProof, "keys">,
): string | undefined {
  const { index, hashes, leaf, note, checkpoint } = proof;
  const { origin, size, root } = checkpoint;
  if (origin !== key.name) return `the checkpoint is of ${origin}, the key is for ${key.name}`;
  if (leaf.seq !== index) return `the proof is of entry ${index}, its leaf of entry ${leaf.seq}`;
  if (!isSigned(primitives, note, key)) {
    return `the checkpoint of ${size} entries has no valid signature by ${key.name}+${key.keyId}`;
  }
  const claim = { index, size, root, leaf: leafHash(primitives, utf8(leaf.text)) };
  if (checkInclusion(primitives, claim, hashes)) return undefined;
  return `entry ${index} is not in the tree of the checkpoint of ${size} entries`;
}

interface KeyEvent {
  readonly change?: KeyChange | undefined;
  readonly recoveryKey?: VerifierKey | undefined;
}

/** What the entry says of keys: nothing, when it is malformed. */
function keyEventOf(primitives: Primitives, origin: string, { leaf }: EntryProof): KeyEvent {
  const event = orReason(() => ({
    change: parseKeyChange(primitives, origin, leaf.event),
    recoveryKey: parseRecoveryKey(primitives, origin, leaf.event),
  }));
  return typeof event === "string" ? {} : event;
}

function nameRecoveryKey(
  primitives: Primitives,
  trusted: TrustedKey,
  { proof, recoveryKey }: { readonly proof: EntryProof; readonly recoveryKey: VerifierKey },
): TrustedKey | string {
  if (proof.index !== 0) return "only entry 0 can name a recovery key";
  const reason = doubtOf(primitives, trusted.key, proof);
  if (reason !== undefined) return reason;
  if (isUsed(trusted, recoveryKey)) return "the recovery key is the journal's first key";
  return { ...trusted, recoveryKey, used: [...trusted.used, recoveryKey] };
}

function follow(
  primitives: Primitives,
  trusted: TrustedKey,
  { proof, change }: { readonly proof: EntryProof; readonly change: KeyChange | undefined },
): TrustedKey | string {
  const { index, checkpoint } = proof;
  if (!change) return `entry ${index} names no next key`;
  const signer = change.reason === "lost" ? trusted.recoveryKey : trusted.key;
  if (!signer) return `entry ${index} says that the key was lost, and no recovery key is proven`;
  const reason = doubtOf(primitives, signer, proof);
  if (reason !== undefined) return reason;
  if (checkpoint.size !== index + 1) {
    return `the checkpoint of ${checkpoint.size} entries does not end with entry ${index}`;
  }
  if (index < trusted.first) return `entry ${index} is older than the key that it ends`;
  if (trusted.key.type !== "ed25519") return "a key that is a secret cannot name another";
  if (isUsed(trusted, change.next)) return `entry ${index} names a key that was used before`;
  const { next: key } = change;
  return { ...trusted, key, first: checkpoint.size, used: [...trusted.used, key] };
}

function isUsed({ used }: TrustedKey, key: VerifierKey): boolean {
  return used.some((other) => sameKey(other, key));
}
