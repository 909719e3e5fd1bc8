import { SteleError } from "@stele/core/error";
import type { Primitives, VerifierKey } from "@stele/core/key";
import { formatSignatureLine, verifyNote, type Note } from "@stele/core/note";

/**
 * The signature lines of the log's keys on the note, each once and verified; undefined when there
 * is none, or when one that claims to be by such a key is wrong.
 */
export function signaturesOf(
  primitives: Primitives,
  note: Note,
  keys: readonly VerifierKey[],
): readonly string[] | undefined {
  try {
    const lines = keys.flatMap((key) => linesBy(primitives, note, key));
    return lines.length > 0 ? lines : undefined;
  } catch (error) {
    if (error instanceof SteleError) return undefined;
    throw error;
  }
}

function linesBy(primitives: Primitives, note: Note, key: VerifierKey): readonly string[] {
  const claimed = note.signatures.filter(
    ({ name, keyId }) => name === key.name && keyId === key.keyId,
  );
  // A line that is repeated a hundred times is not verified a hundred times.
  const distinct = new Map(claimed.map((line) => [formatSignatureLine(key, line.signature), line]));
  if (distinct.size === 0) return [];
  verifyNote(primitives, { text: note.text, signatures: [...distinct.values()] }, key);
  return [...distinct.keys()];
}
