import { utf8 } from "@stele/core/bytes";
import { parseCheckpoint, type Checkpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import { sameKey, type Primitives, type VerifierKey } from "@stele/core/key";
import { parseNote, verifyNote, type Note } from "@stele/core/note";
import type { KeyHistory } from "@stele/store/reading";
import { findWitnessed, type PinnedWitnesses, type Witnessed } from "./pinned-witnesses.ts";

/** A checkpoint that somebody kept outside of the journal: verified, not yet compared. */
export interface KeptCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Which of the journal's keys signed it, or the pinned one; undefined when witnesses alone did. */
  readonly signer: VerifierKey | undefined;
  readonly witnessed: Witnessed | undefined;
}

/** Whom a verifier believes. */
export interface Believed {
  readonly history: KeyHistory;
  readonly pinned: VerifierKey | undefined;
  readonly witnesses: PinnedWitnesses;
}

/**
 * Reads a checkpoint of this origin that a key of the journal or the pinned one signed, or that
 * enough pinned witnesses countersigned. Throws NOTE_ and CHECKPOINT_ codes.
 */
export function readKept(
  primitives: Primitives,
  believed: Believed,
  untrusted: Uint8Array | string,
): KeptCheckpoint {
  const note = parseNote(typeof untrusted === "string" ? utf8(untrusted) : untrusted);
  const witnessed = findWitnessed(primitives, note, believed.witnesses);
  const signer = findSigner(note, believed);
  const origin = believed.history.epochs[0]!.key.name;
  if (signer) verifyNote(primitives, note, signer);
  else if (!witnessed) throw unknownSigner(note, origin);
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin === origin) return { checkpoint, signer, witnessed };
  const message = `the checkpoint is of ${checkpoint.origin}, not of ${origin}`;
  throw new SteleError("CHECKPOINT_MALFORMED", message);
}

function findSigner(note: Note, { history, pinned }: Believed): VerifierKey | undefined {
  const keys = [...history.epochs.map(({ key }) => key), history.recoveryKey, pinned];
  return keys.find((key) =>
    note.signatures.some(({ name, keyId }) => name === key?.name && keyId === key.keyId),
  );
}

function unknownSigner({ signatures }: Note, origin: string): SteleError {
  const [first] = signatures;
  const signer = `${first!.name}+${first!.keyId}`;
  const message = `the checkpoint is signed by ${signer}, no key of ${origin} as it is now`;
  const fix =
    "check that it is this journal's; if it is, the journal was rolled back to before that key: " +
    "pin the key, or a witness that countersigned";
  return new SteleError("NOTE_UNVERIFIED", message, { fix });
}

/** Whether it is signed by another key than the one that now seals its size. */
export function isBySomebodyElse(kept: KeptCheckpoint, due: VerifierKey | undefined): boolean {
  const { signer } = kept;
  return signer !== undefined && (due === undefined || !sameKey(signer, due));
}

/** What was evicted left no hashes: SEQ_PRUNED where nothing says what a checkpoint was of. */
export function requireReach(size: number, first: number): void {
  if (size >= first) return;
  const message = `the checkpoint is of ${size} entries, and those before ${first} were evicted`;
  throw new SteleError("SEQ_PRUNED", message, { seq: first, fix: "use a newer checkpoint" });
}
