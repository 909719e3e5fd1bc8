import { parseAddCheckpoint } from "../add-checkpoint.ts";
import { utf8 } from "../bytes.ts";
import { parseCheckpoint, type Checkpoint } from "../checkpoint.ts";
import { verifyCosignatures } from "../cosignature.ts";
import type { Hash } from "../hash.ts";
import type { Primitives, VerifierKey } from "../key.ts";
import { parseNote, type Note } from "../note.ts";
import { checkConsistency } from "../proof.ts";
import { isSigned, orReason } from "./reason.ts";
import type { ProvenCheckpoint, Trust, Unproven } from "./trust.ts";

// That a checkpoint extends an older one, in the form in which a witness is asked to countersign
// it (C2SP tlog-witness, the body of add-checkpoint).

/** A file that says so, parsed but not checked. */
export interface Extension {
  readonly oldSize: number;
  /** The consistency proof. */
  readonly proof: readonly Hash[];
  /** The newer checkpoint. */
  readonly signed: SignedCheckpoint;
}

/** A checkpoint and the signatures on it, which nobody verified. */
export interface SignedCheckpoint {
  readonly note: Note;
  readonly checkpoint: Checkpoint;
}

/**
 * Reads such a file strictly, as `parseAddCheckpoint`; throws NOTE_MALFORMED and
 * CHECKPOINT_MALFORMED too. Verifies nothing.
 */
export function parseExtension(untrusted: Uint8Array): Extension {
  const { oldSize, proof, checkpoint } = parseAddCheckpoint(untrusted);
  return { oldSize, proof, signed: parseSignedCheckpoint(utf8(checkpoint)) };
}

/** Reads a signed checkpoint. Throws NOTE_MALFORMED, CHECKPOINT_MALFORMED. Verifies nothing. */
export function parseSignedCheckpoint(untrusted: Uint8Array): SignedCheckpoint {
  const note = parseNote(untrusted);
  return { note, checkpoint: parseCheckpoint(note.text) };
}

/** Whom to believe about two checkpoints. */
export interface ExtensionTrust extends Trust {
  /** What signed the older checkpoint, where that is another key. */
  readonly oldKey?: VerifierKey | undefined;
}

/** The newer checkpoint has every entry of the older one, unchanged and in the same place. */
export interface ProvenExtension extends ProvenCheckpoint {
  readonly proven: true;
  readonly origin: string;
  readonly oldSize: number;
}

/**
 * Checks that the pinned key signed both checkpoints and that the newer one extends the older one.
 * Offline; two signatures, and at most 128 node hashes.
 */
export function checkExtension(
  primitives: Primitives,
  trust: ExtensionTrust,
  old: SignedCheckpoint,
  { oldSize, proof, signed }: Extension,
): ProvenExtension | Unproven {
  const { key, oldKey = key, witnesses = [] } = trust;
  const { size, root, origin } = signed.checkpoint;
  const reason =
    doubtIn(primitives, old, oldKey, "older") ?? doubtIn(primitives, signed, key, "newer");
  if (reason !== undefined) return { proven: false, reason };
  const cosignatures = orReason(() => verifyCosignatures(primitives, signed.note, witnesses));
  if (typeof cosignatures === "string") return { proven: false, reason: cosignatures };
  if (oldSize !== old.checkpoint.size) {
    const has = `the older checkpoint has ${old.checkpoint.size}`;
    return { proven: false, reason: `the proof starts from ${oldSize} entries, ${has}` };
  }
  const claim = { oldSize, size, oldRoot: old.checkpoint.root, root };
  if (!checkConsistency(primitives, claim, proof)) {
    const extended = `the checkpoint of ${size} entries to extend that of ${oldSize}`;
    return { proven: false, reason: `the proof does not show ${extended}` };
  }
  return { proven: true, origin, oldSize, size, root, key, trust: "pinned", cosignatures };
}

function doubtIn(
  primitives: Primitives,
  { note, checkpoint }: SignedCheckpoint,
  key: VerifierKey,
  which: string,
): string | undefined {
  const { origin } = checkpoint;
  if (origin !== key.name) {
    return `the ${which} checkpoint is of ${origin}, the key is for ${key.name}`;
  }
  if (isSigned(primitives, note, key)) return undefined;
  return `the ${which} checkpoint has no valid signature by ${key.name}+${key.keyId}`;
}
