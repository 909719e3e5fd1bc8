import { matchesAscii } from "./bytes.ts";
import { isContentName } from "./content.ts";
import { isHash, type Hash } from "./hash.ts";
import { memberBefore, membersOf, stringOf, type Member } from "./json.ts";
import { SIGNATURE_FIELD_BYTES } from "./signed-event.ts";

/** The commitments to an entry's contents, by their names. */
export type Commitments = ReadonlyMap<string, Hash>;

/** A content may be named `signature` too, but has no key id. */
const SIGNATURE_BEGINNING = ',"signature":{"keyid":"';
const OPEN_BRACE = 0x7b;

const NONE: Commitments = new Map();

/**
 * What the event `bytes[start, end)`, of which `checkJsonObject` holds, commits to: where writers
 * put it and nowhere else (spec/content.md section 1). Cheap where there is nothing; else one pass
 * over the event.
 */
export function commitmentsIn(bytes: Uint8Array, start: number, end: number): Commitments {
  const comma = end - 1 - SIGNATURE_FIELD_BYTES;
  const isSigned = matchesAscii(bytes, comma, SIGNATURE_BEGINNING);
  const isBefore = isSigned && endsInReference(bytes, comma);
  const isLast = endsInReference(bytes, end - 1);
  if (!isBefore && !isLast) return NONE;
  const event = bytes.subarray(start, end);
  const before = isBefore ? memberBefore(event, comma - start) : undefined;
  const content = before ?? (isLast ? memberBefore(event, event.length - 1) : undefined);
  return content?.name === "content" ? commitmentsOf(event, content) : NONE;
}

/** Where all that ends before `end` can be references: most events have none. */
function endsInReference(bytes: Uint8Array, end: number): boolean {
  return matchesAscii(bytes, end - 3, '"}}');
}

function commitmentsOf(event: Uint8Array, content: Member): Commitments {
  const object = event.subarray(content.start, content.end);
  const found = new Map<string, Hash>();
  if (object[0] !== OPEN_BRACE) return found;
  for (const { name, start, end } of membersOf(object)) {
    const commitment = commitmentIn(object.subarray(start, end));
    if (commitment && isContentName(name)) found.set(name, commitment);
  }
  return found;
}

function commitmentIn(reference: Uint8Array): Hash | undefined {
  if (reference[0] !== OPEN_BRACE) return undefined;
  const last = memberBefore(reference, reference.length - 1);
  const value = last?.name === "commitment" ? stringOf(reference, last) : undefined;
  return isHash(value) ? value : undefined;
}
