import { scanValue } from "./scan.ts";

const QUOTE = 0x22;
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * Whether `object`, the bytes of one JSON object that `checkJsonObject` found nothing wrong with,
 * has a member of the name at its top, however the name is escaped. Strings need not be UTF-8.
 */
export function hasMember(object: Uint8Array, name: string): boolean {
  for (let at = 1; object[at] === QUOTE;) {
    const colon = scanValue(object, at, object.length);
    // Each name by itself: in objects, V8 takes escaped ones for others (nodejs/node#63785).
    if (JSON.parse(decoder.decode(object.subarray(at, colon))) === name) return true;
    at = scanValue(object, colon + 1, object.length) + 1;
  }
  return false;
}
