import { decodeUtf8, utf8 } from "@stele/core/bytes";
import { parseCheckpoint, type Checkpoint } from "@stele/core/checkpoint";
import { SteleError } from "@stele/core/error";
import type { Primitives, VerifierKey } from "@stele/core/key";
import { MAX_NOTE_BYTES, parseNote, verifyNote, type Note } from "@stele/core/note";
import type { Disk } from "./disk.ts";
import { epochOfEntry, type KeyHistory } from "./epochs.ts";
import { readFileIfAny, replaceFile } from "./files.ts";
import { CHECKPOINT, join } from "./layout.ts";

/** A checkpoint as it was published: a seal's note, and perhaps cosignature lines behind it. */
export interface PublishedCheckpoint {
  /** The whole signed note, as it lies in the file. */
  readonly text: string;
  readonly note: Note;
  readonly checkpoint: Checkpoint;
  /** Whether it has signature lines besides the seal's. Who made them was not looked at. */
  readonly isCosigned: boolean;
}

/**
 * The checkpoint in DIR/checkpoint (spec/ledger.md section 5). `malformed`: the file is none, or
 * one of another origin. Verifies no signature.
 */
export async function readPublished(
  disk: Disk,
  directory: string,
  origin: string,
): Promise<PublishedCheckpoint | "missing" | "malformed"> {
  const bytes = await readFileIfAny(disk, join(directory, CHECKPOINT), MAX_NOTE_BYTES);
  if (!bytes) return "missing";
  try {
    return parsePublished(origin, decodeUtf8(bytes) ?? "");
  } catch (error) {
    if (error instanceof SteleError) return "malformed";
    throw error;
  }
}

/**
 * Reads a checkpoint of this origin, without verifying it. Throws NOTE_MALFORMED,
 * CHECKPOINT_MALFORMED.
 */
export function parsePublished(origin: string, untrusted: string): PublishedCheckpoint {
  const note = parseNote(utf8(untrusted));
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin === origin) {
    return { text: untrusted, note, checkpoint, isCosigned: note.signatures.length > 1 };
  }
  const message = `the checkpoint is of ${checkpoint.origin}, not of ${origin}`;
  throw new SteleError("CHECKPOINT_MALFORMED", message);
}

/**
 * Puts a checkpoint into DIR/checkpoint: durable when it resolves, and a crash leaves the old one
 * or the new one. What it covers must be on stable storage.
 */
export async function publishCheckpoint(
  disk: Disk,
  directory: string,
  note: string,
): Promise<void> {
  await replaceFile(disk, directory, CHECKPOINT, utf8(note));
}

/** What must have signed a checkpoint of this size, as far as the journal's own entries say. */
export function keyOfSize(history: KeyHistory, size: number): VerifierKey | undefined {
  const { key, end } = epochOfEntry(history, Math.max(0, size - 1));
  return end?.size === size && end.reason === "lost" ? history.recoveryKey : key;
}

/** Whether the checkpoint is signed by the key that must have. */
export function isPublishedBy(
  primitives: Primitives,
  { note }: PublishedCheckpoint,
  key: VerifierKey | undefined,
): boolean {
  try {
    if (key) verifyNote(primitives, note, key);
    return key !== undefined;
  } catch (error) {
    if (error instanceof SteleError) return false;
    throw error;
  }
}

/**
 * What is wrong when DIR/checkpoint names more entries than the ledger has: it is written behind
 * their sync, so they were lost. A signature that is not by the key that it names makes it no
 * evidence; one by an unknown key does not, since the entry that named that key may be lost too.
 */
export function lostSincePublished(
  primitives: Primitives,
  { history, size }: { readonly history: KeyHistory; readonly size: number },
  published: PublishedCheckpoint,
): string | undefined {
  if (published.checkpoint.size <= size) return undefined;
  const [signature] = published.note.signatures;
  const keys = [...history.epochs.map(({ key }) => key), history.recoveryKey];
  const known = keys.find((key) => key?.keyId === signature?.keyId);
  if (known && !isPublishedBy(primitives, published, known)) return undefined;
  return `its own checkpoint is of ${published.checkpoint.size} entries, ${size} are left`;
}
