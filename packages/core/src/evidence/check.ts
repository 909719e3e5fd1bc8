import { verifyCosignatures } from "../cosignature.ts";
import { sameKey, type Primitives } from "../key.ts";
import type { EntryProof } from "./entry-proof.ts";
import { doubtOf, followKeys } from "./key-chain.ts";
import { isSigned, orReason } from "./reason.ts";
import type { Evidence, KeyTrust, ProvenPart, Trust } from "./trust.ts";

/**
 * Checks the proof of one entry: that the pinned key, or one that it leads to, signed a checkpoint
 * whose tree has this entry, and may speak of so old an entry. Offline; a signature and at most 63
 * node hashes for each proof in it.
 */
export function checkEntryProof(primitives: Primitives, trust: Trust, proof: EntryProof): Evidence {
  const part = provenPart(primitives, trust, { from: proof.index, proof });
  if (typeof part === "string") return { proven: false, reason: part };
  const { from, to } = part;
  return { proven: true, origin: proof.checkpoint.origin, from, to, parts: [part] };
}

/**
 * What the proof of an entry shows about it and those from `from` on that are linked to it: all of
 * them must lie where the signing key may speak. A string says why it shows nothing.
 */
export function provenPart(
  primitives: Primitives,
  trust: Trust,
  { from, proof }: { readonly from: number; readonly proof: EntryProof },
): ProvenPart | string {
  const trusted = followKeys(primitives, trust.key, proof.keys);
  if (typeof trusted === "string") return trusted;
  const { recoveryKey, first } = trusted;
  const { note, checkpoint, index: to } = proof;
  const byRecovery = recoveryKey !== undefined && isSigned(primitives, note, recoveryKey);
  const key = byRecovery ? recoveryKey : trusted.key;
  const doubt = doubtOf(primitives, key, proof);
  if (doubt !== undefined) return doubt;
  if (from < first) return `entry ${from} is older than the key, which may speak from ${first} on`;
  const cosignatures = orReason(() => verifyCosignatures(primitives, note, trust.witnesses ?? []));
  if (typeof cosignatures === "string") return cosignatures;
  const keyTrust: KeyTrust = sameKey(key, trust.key) ? "pinned" : "changed";
  const { size, root } = checkpoint;
  return { from, to, size, root, key, trust: byRecovery ? "recovery" : keyTrust, cosignatures };
}
