import { decodeUtf8, utf8 } from "../bytes.ts";
import { parseCheckpoint, type Checkpoint } from "../checkpoint.ts";
import { SteleError } from "../error.ts";
import type { Hash } from "../hash.ts";
import { parseNote, type Note } from "../note.ts";
import { formatTlogProof, parseTlogProof } from "../tlog-proof.ts";
import { parseLeaf, type Leaf } from "./leaf.ts";

// The proof file of one entry: a tlog-proof that carries the entry itself and the key changes that
// lead to the key of its checkpoint (spec/proofs.md section 6).

/** What `formatEntryProof` writes. */
export interface EntryProofParts {
  /** The entry's `seq`. */
  readonly index: number;
  /** The inclusion proof, the leaf's sibling first. */
  readonly hashes: readonly Hash[];
  /** The signed note, as it was published. */
  readonly checkpoint: string;
  readonly leaf: string;
  /** The key changes' own proofs, as texts; theirs have none. */
  readonly keys: readonly string[];
}

/** A proof file, parsed but not checked. */
export interface EntryProof {
  /** 0-based. */
  readonly index: number;
  readonly hashes: readonly Hash[];
  readonly leaf: Leaf;
  readonly note: Note;
  /** What the note says. */
  readonly checkpoint: Checkpoint;
  /** The proofs of the key changes, oldest first. */
  readonly keys: readonly EntryProof[];
}

/** The text of a proof file. */
export function formatEntryProof(parts: EntryProofParts): string {
  const { leaf, keys, ...proof } = parts;
  return formatTlogProof({ ...proof, extra: utf8(JSON.stringify({ leaf, keys })) });
}

/**
 * Reads a proof file strictly: what it accepts, `formatEntryProof` writes byte for byte. Throws
 * PROOF_MALFORMED, NOTE_MALFORMED and CHECKPOINT_MALFORMED. Verifies nothing.
 */
export function parseEntryProof(untrusted: Uint8Array): EntryProof {
  const { keys, ...proof } = parseAlone(untrusted);
  return { ...proof, keys: keys.map(parseKeyProof) };
}

function parseKeyProof(untrusted: string, place: number): EntryProof {
  return inPlace(`key change ${place + 1}`, () => {
    const { keys, ...proof } = parseAlone(utf8(untrusted));
    if (keys.length === 0) return { ...proof, keys: [] };
    throw malformed("it carries key changes of its own");
  });
}

/** Reads one proof, and what it carries as texts. */
function parseAlone(
  untrusted: Uint8Array,
): Omit<EntryProof, "keys"> & { readonly keys: readonly string[] } {
  const { index, hashes, extra, checkpoint: signed } = parseTlogProof(untrusted);
  const carried = readExtra(extra);
  const leaf = carried && parseLeaf(carried.leaf);
  if (!leaf) throw malformed("it does not carry an entry as Stele writes it");
  const note = parseNote(utf8(signed));
  const checkpoint = parseCheckpoint(note.text);
  return { index, hashes, leaf, note, checkpoint, keys: carried.keys };
}

/** Lets an error of parsing say where. */
export function inPlace<T>(place: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SteleError)) throw error;
    throw new SteleError(error.code, `${place}: ${error.message}`, { cause: error });
  }
}

function readExtra(
  extra: Uint8Array,
): { readonly leaf: string; readonly keys: readonly string[] } | undefined {
  const text = decodeUtf8(extra) ?? "";
  const { leaf, keys } = readObject(text);
  if (typeof leaf !== "string" || !Array.isArray(keys)) return undefined;
  if (!keys.every(isText)) return undefined;
  return JSON.stringify({ leaf, keys }) === text ? { leaf, keys } : undefined;
}

/** A lone surrogate has no UTF-8: another text would be read as the same bytes. */
function isText(untrusted: unknown): untrusted is string {
  return typeof untrusted === "string" && untrusted.isWellFormed();
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function malformed(reason: string): SteleError {
  return new SteleError("PROOF_MALFORMED", `not a proof of an entry: ${reason}`);
}
