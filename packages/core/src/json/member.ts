import { scanValue } from "./scan.ts";

const QUOTE = 0x22;
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** A member of an object: its name, whatever its spelling, and from where to where its value is. */
export interface Member {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The members at the top of `object`, the bytes of one JSON object that `checkJsonObject` found
 * nothing wrong with. Strings need not be UTF-8, nor names unique.
 */
export function* membersOf(object: Uint8Array): Generator<Member, void, undefined> {
  for (let at = 1; object[at] === QUOTE;) {
    const colon = scanValue(object, at, object.length);
    const end = scanValue(object, colon + 1, object.length);
    yield { name: readString(object.subarray(at, colon)), start: colon + 1, end };
    at = end + 1;
  }
}

/** Whether such an object has a member of the name at its top. */
export function hasMember(object: Uint8Array, name: string): boolean {
  for (const member of membersOf(object)) if (member.name === name) return true;
  return false;
}

/** The member of such an object whose value ends at this offset, if there is one. */
export function memberBefore(object: Uint8Array, end: number): Member | undefined {
  for (const member of membersOf(object)) {
    if (member.end >= end) return member.end === end ? member : undefined;
  }
  return undefined;
}

/** The member's value, if it is a string. */
export function stringOf(object: Uint8Array, { start, end }: Member): string | undefined {
  return object[start] === QUOTE ? readString(object.subarray(start, end)) : undefined;
}

/** Each string by itself: in objects, V8 takes escaped names for others (nodejs/node#63785). */
function readString(bytes: Uint8Array): string {
  return JSON.parse(decoder.decode(bytes)) as string;
}
