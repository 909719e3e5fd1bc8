import { fromBase64, toBase64 } from "./base64.ts";
import { concatBytes, utf8 } from "./bytes.ts";
import { contentReferences, isContentName, type ContentReference } from "./content.ts";
import { SteleError } from "./error.ts";
import { EventText, parseEvent } from "./event.ts";
import { isHash } from "./hash.ts";
import { parseJson } from "./json.ts";
import { isSignedBy, type Primitives, type VerifierKey } from "./key.ts";

// An agent's own signature over its event (spec/agents.md): the last member of the event's text, in
// one spelling. What is signed is the text without it.

/** The DSSE payload type of an event. */
export const EVENT_PAYLOAD_TYPE = "application/vnd.stele.event+json";

const FIELD = /,"signature":\{"keyid":"([0-9a-f]{8})","sig":"([A-Za-z0-9+/]{86}==)"\}\}$/;
/** How long the member is, with its comma: every spelling has as many bytes. */
export const SIGNATURE_FIELD_BYTES: number = signatureField("00000000", new Uint8Array(64)).length;

/** An event's signature, and what it is over. */
export interface EventSignature {
  readonly keyId: string;
  readonly signature: Uint8Array;
  /** The event's text without the signature. */
  readonly body: string;
}

/** DSSE pre-authentication encoding: `DSSEv1 SP len(type) SP type SP len(body) SP body`. */
export function preAuthEncoding(payloadType: string, body: Uint8Array): Uint8Array {
  const typeBytes = utf8(payloadType).length;
  return concatBytes([utf8(`DSSEv1 ${typeBytes} ${payloadType} ${body.length} `), body]);
}

/** The bytes that an agent signs for an event's text without signature. */
export function eventMessage(body: string): Uint8Array {
  return preAuthEncoding(EVENT_PAYLOAD_TYPE, utf8(body));
}

/** The event's text with the signature as its last member. */
export function withSignature(body: string, keyId: string, signature: Uint8Array): string {
  return `${body.slice(0, -1)}${signatureField(keyId, signature)}}`;
}

/** The signature that an event's text ends with; undefined when it does not, to the letter. */
export function signatureOf(untrustedEvent: string): EventSignature | undefined {
  const [field, keyId, sig] = FIELD.exec(untrustedEvent) ?? [];
  const signature = sig === undefined ? undefined : fromBase64(sig);
  if (field === undefined || keyId === undefined || !signature) return undefined;
  return { keyId, signature, body: `${untrustedEvent.slice(0, -field.length)}}` };
}

/** Whether the key signed the event's text, which ends with its signature. Nothing but the key. */
export function isEventSignedBy(
  primitives: Primitives,
  key: VerifierKey,
  untrustedEvent: string,
): boolean {
  const found = signatureOf(untrustedEvent);
  if (!found || found.keyId !== key.keyId) return false;
  return isSignedBy(primitives, key, eventMessage(found.body), found.signature);
}

/** An event that its agent signed, as text that came from outside and is kept to the byte. */
export interface SignedText {
  readonly event: EventText;
  readonly signature: EventSignature;
  readonly references: ReadonlyMap<string, ContentReference>;
}

/**
 * Reads the text of a signed event. Throws a JSON_ code, EVENT_INVALID when it is not an event or
 * has white space, SIGNATURE_INVALID when its last member is not a signature in the one spelling,
 * CONTENT_INVALID when `content` is not the last member before it or of another form.
 */
export function parseSignedEvent(untrusted: string): SignedText {
  const signature = signatureOf(untrusted);
  if (!signature) throw invalid("the event does not end with a signature in its one spelling");
  const { value, text } = parseJson(signature.body);
  if (text !== signature.body) {
    throw new SteleError("EVENT_INVALID", "a signed event has no white space outside its strings");
  }
  const references = contentReferences((value ?? {}) as { readonly content?: unknown });
  const { content, ...rest } = value as Readonly<Record<string, unknown>>;
  if (content !== undefined) requireLast(signature.body, references, content);
  // Its other members are an event's.
  const { type, id, agent, session, parent } = parseEvent(JSON.stringify(rest));
  if (agent === undefined) throw invalid('a signed event names its "agent"');
  const event = new EventText(untrusted, { type, id, agent, session, parent });
  return { event, signature, references };
}

/** The references are where verifiers look for them, in the one spelling. */
function requireLast(
  body: string,
  references: ReadonlyMap<string, ContentReference>,
  content: unknown,
): void {
  const spelled = [...references].map(([name, { mediaType, size, commitment }]) => [
    name,
    { mediaType, size, commitment },
  ]);
  const isWhole = spelled.length === Object.keys(content ?? {}).length && spelled.length > 0;
  const isSound = [...references].every(
    ([name, { mediaType, size, commitment }]) =>
      isContentName(name) &&
      typeof mediaType === "string" &&
      Number.isSafeInteger(size) &&
      size >= 0 &&
      isHash(commitment),
  );
  const expected = `,"content":${JSON.stringify(Object.fromEntries(spelled))}}`;
  if (isWhole && isSound && body.endsWith(expected)) return;
  const message = "content must be the last member before the signature, as spec/content.md says";
  throw new SteleError("CONTENT_INVALID", message);
}

function signatureField(keyId: string, signature: Uint8Array): string {
  return `,"signature":{"keyid":"${keyId}","sig":"${toBase64(signature)}"}`;
}

function invalid(message: string): SteleError {
  return new SteleError("SIGNATURE_INVALID", message);
}
