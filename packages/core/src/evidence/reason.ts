import { SteleError } from "../error.ts";
import type { Primitives, VerifierKey } from "../key.ts";
import { verifyNote, type Note } from "../note.ts";

/** What the call returns, or why it threw: what is untrue is no error to who checks evidence. */
export function orReason<T>(call: () => T): T | string {
  try {
    return call();
  } catch (error) {
    if (error instanceof SteleError) return error.message;
    throw error;
  }
}

/** Whether the key signed the note, and no signature that claims to be the key's is wrong. */
export function isSigned(primitives: Primitives, note: Note, key: VerifierKey): boolean {
  return orReason(() => verifyNote(primitives, note, key)) === undefined;
}
