import { verifyCosignatures, type Cosignature } from "@stele/core/cosignature";
import { SteleError } from "@stele/core/error";
import { parseVerifierKey, type Primitives, type VerifierKey } from "@stele/core/key";
import type { Note } from "@stele/core/note";
import { isQuorum, parsePolicy } from "@stele/core/policy";

/** That witnesses whom the verifier believes had seen a checkpoint. */
export interface Witnessed {
  /** Their names. */
  readonly by: readonly string[];
  /** When as many as were asked for had seen it, by their own clocks. */
  readonly atMs: number;
}

/** Which witnesses a verifier believes. */
export interface PinnedWitnesses {
  readonly keys: readonly VerifierKey[];
  /** Whether these of them are enough. */
  isEnough(cosigners: readonly VerifierKey[]): boolean;
}

/**
 * Any one of the vkeys, or the policy's quorum. Throws KEY_MALFORMED, POLICY_MALFORMED, and
 * OPTION_INVALID when both are given.
 */
export function readPinnedWitnesses(
  primitives: Primitives,
  options: {
    readonly witnesses?: readonly string[] | undefined;
    readonly policy?: string | undefined;
  },
): PinnedWitnesses {
  const { witnesses = [], policy: text } = options;
  if (text === undefined) {
    const keys = witnesses.map((vkey) => parseVerifierKey(primitives, vkey, ["cosignature"]));
    return { keys, isEnough: (cosigners) => cosigners.length > 0 };
  }
  if (witnesses.length > 0) {
    throw new SteleError("OPTION_INVALID", "witnesses are pinned by keys or by a policy, not both");
  }
  const policy = parsePolicy(primitives, text);
  return {
    keys: policy.witnesses.map(({ key }) => key),
    isEnough: (cosigners) => cosigners.length > 0 && isQuorum(policy, cosigners),
  };
}

/**
 * Who of the pinned witnesses countersigned the note, if they are enough. Throws NOTE_UNVERIFIED
 * when a cosignature is not by the pinned witness that it names.
 */
export function findWitnessed(
  primitives: Primitives,
  note: Note,
  pinned: PinnedWitnesses,
): Witnessed | undefined {
  const latestFirst = verifyCosignatures(primitives, note, pinned.keys).toSorted(
    (left, right) => right.timestamp - left.timestamp,
  );
  const enough: Cosignature[] = [];
  for (const cosignature of latestFirst) {
    enough.push(cosignature);
    if (!pinned.isEnough(enough.map(({ key }) => key))) continue;
    return { by: latestFirst.map(({ key }) => key.name), atMs: cosignature.timestamp * 1000 };
  }
  return undefined;
}
