import { SteleError } from "./error.ts";
import { encodeEvent, type EventText } from "./event.ts";
import type { Hasher } from "./hash.ts";
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from "./key.ts";

// The entries by which a journal names its own keys (spec/keys.md). Only these exact spellings
// count, so that every verifier sees the same keys without agreeing on how JSON is read.

/**
 * Why a key was followed by another: `rotated` on purpose; `aged`, by the journal's own rule;
 * `lost`, when the recovery key had to name the next one.
 */
export type KeyChangeReason = "rotated" | "aged" | "lost";

/** That an epoch ends here, and with which key the next one is sealed. */
export interface KeyChange {
  readonly next: VerifierKey;
  readonly reason: KeyChangeReason;
}

const CHANGE = '{"type":"stele.key",';
const RECOVERY = '{"type":"stele.recovery-key",';
const CHANGE_FORM =
  /^\{"type":"stele\.key","data":\{"publicKey":"([^"\\]*)","reason":"(rotated|aged|lost)"\}\}$/;
const RECOVERY_FORM = /^\{"type":"stele\.recovery-key","data":\{"publicKey":"([^"\\]*)"\}\}$/;

/** The event that ends an epoch. */
export function keyChangeEvent({ next, reason }: KeyChange): EventText {
  return encodeEvent({
    type: "stele.key",
    data: { publicKey: formatVerifierKey(next), reason },
  });
}

/** The event of entry 0 that names the recovery key. */
export function recoveryKeyEvent(key: VerifierKey): EventText {
  const data = { publicKey: formatVerifierKey(key) };
  return encodeEvent({ type: "stele.recovery-key", data });
}

/** The first bytes of the events that `parseKeyChange` and `parseRecoveryKey` read. */
export const KEY_EVENT_BEGINNING = '{"type":"stele.';

/**
 * The key change that an event's text states; undefined when it states none. Throws KEY_MALFORMED
 * when it begins like one and is another: of a key with another name than the origin, or of another
 * type than Ed25519.
 */
export function parseKeyChange(
  hasher: Hasher,
  origin: string,
  untrustedEvent: string,
): KeyChange | undefined {
  if (!untrustedEvent.startsWith(CHANGE)) return undefined;
  const [, vkey, reason] = CHANGE_FORM.exec(untrustedEvent) ?? [];
  const next = parseNamedKey(hasher, origin, vkey);
  return { next, reason: reason as KeyChangeReason };
}

/**
 * The recovery key that entry 0 names; undefined when its event is another. Throws KEY_MALFORMED
 * as `parseKeyChange`.
 */
export function parseRecoveryKey(
  hasher: Hasher,
  origin: string,
  untrustedEvent: string,
): VerifierKey | undefined {
  if (!untrustedEvent.startsWith(RECOVERY)) return undefined;
  return parseNamedKey(hasher, origin, RECOVERY_FORM.exec(untrustedEvent)?.[1]);
}

function parseNamedKey(hasher: Hasher, origin: string, vkey: string | undefined): VerifierKey {
  if (vkey === undefined) throw new SteleError("KEY_MALFORMED", "the event names no key");
  const key = parseVerifierKey(hasher, vkey, ["ed25519"]);
  if (key.name === origin) return key;
  throw new SteleError("KEY_MALFORMED", `the key is for ${key.name}, the journal is ${origin}`);
}
