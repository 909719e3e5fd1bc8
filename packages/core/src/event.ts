import type { ContentReference } from "./content.ts";
import { SteleError } from "./error.ts";
import { MAX_DEPTH, parseJson } from "./json.ts";

/**
 * What a caller records. `data` is the place for the caller's own; other members are kept as they
 * are, but `content`, which is set by the journal, is refused.
 */
export interface Event {
  /**
   * Dotted lower case, such as `tool.call`; `stele.` is reserved for the journal. At most 128
   * characters.
   */
  readonly type: string;
  /**
   * The caller's own id: appending it again within the deduplication window returns the first
   * receipt.
   */
  readonly id?: string;
  readonly agent?: string;
  readonly session?: string;
  /** The id of the event that caused this one. */
  readonly parent?: string;
  /** Whom it is about, by pseudonyms: their contents can be found, to be erased or held. */
  readonly subject?: string | readonly string[];
  /** Typed by `type`. */
  readonly data?: unknown;
}

/** An event as it was recorded. */
export interface RecordedEvent extends Event {
  /** What the journal keeps beside the ledger, by name. */
  readonly content?: Readonly<Record<string, ContentReference>>;
  readonly [member: string]: unknown;
}

/** The events that the journal writes about itself have types under this prefix. */
export const RESERVED_PREFIX = "stele.";
/** The longest `type`. */
export const MAX_TYPE_LENGTH = 128;
/** The longest `id`, `agent`, `session`, `parent` and `subject`. */
export const MAX_REFERENCE_LENGTH = 512;

const REFERENCES = ["id", "agent", "session", "parent"] as const;
type Reference = (typeof REFERENCES)[number];

/**
 * An event as checked JSON text: what is stored, to the byte. Made by `encodeEvent` and
 * `parseEvent` only.
 */
export class EventText {
  readonly text: string;
  readonly type: string;
  readonly id: string | undefined;
  readonly agent: string | undefined;
  readonly session: string | undefined;
  readonly parent: string | undefined;

  /** For `encodeEvent` and `parseEvent`. */
  constructor(
    text: string,
    event: Partial<Readonly<Record<Reference, string | undefined>>> & { readonly type: string },
  ) {
    this.text = text;
    this.type = event.type;
    this.id = event.id;
    this.agent = event.agent;
    this.session = event.session;
    this.parent = event.parent;
  }
}

/**
 * The JSON text of an event given as an object, as JSON.stringify writes it. Throws EVENT_INVALID
 * when it is not an event, or when JSON.stringify would change it silently (NaN and infinities) or
 * cannot write it (BigInt, cycles), and JSON_LONE_SURROGATE.
 */
export function encodeEvent(event: Event): EventText {
  const text = stringify(event);
  const isOdd = !isPlain(event) || text.includes("\\ud") || mayBeDeep(text);
  // What is odd is read as if it came from outside, which also bounds its depth.
  const encoded = isOdd ? parseEvent(text) : new EventText(text, event);
  if (!isOdd) checkMembers(event);
  // Only such a text can hide a value that JSON does not have; the usual event is not walked
  // twice.
  if (text.includes("null")) refuseNonFinite(event, "");
  return encoded;
}

/**
 * An event that came as JSON text: read strictly, stored token by token as it came, without white
 * space. Throws a JSON_ code with the offset, or EVENT_INVALID. With `inexactNumbers: "string"` a
 * number that no double holds is kept as text.
 */
export function parseEvent(
  untrusted: string,
  options: { readonly inexactNumbers?: "refuse" | "string" } = {},
): EventText {
  const { value, text } = parseJson(untrusted, options);
  if (!isObject(value)) throw invalid("an event is a JSON object");
  const event = value as unknown as Event;
  checkMembers(event);
  return new EventText(text, event);
}

function stringify(event: Event): string {
  if (!isObject(event)) throw invalid("an event is a JSON object");
  const text = tryStringify(event);
  if (text === undefined) throw invalid("the event's toJSON gives nothing");
  return text;
}

function tryStringify(event: object): string | undefined {
  try {
    return JSON.stringify(event);
  } catch (cause) {
    throw invalid(`not JSON: ${(cause as Error).message}`, cause);
  }
}

/** Whether JSON.stringify writes exactly the type and references that reading the object gives. */
function isPlain(event: Event): boolean {
  const prototype: unknown = Object.getPrototypeOf(event);
  const usual = prototype === Object.prototype || prototype === null;
  if (!usual || "toJSON" in event || !isWritten(event, "type")) return false;
  return REFERENCES.every((name) => isWritten(event, name));
}

function isWritten(event: Event, name: string): boolean {
  return !Object.hasOwn(event, name) || Object.prototype.propertyIsEnumerable.call(event, name);
}

/**
 * Whether so many objects and arrays are closed that they could lie deeper than a reader follows.
 * Cheap for most texts.
 */
function mayBeDeep(text: string): boolean {
  return text.length >= 2 * MAX_DEPTH && closers(text, "}") + closers(text, "]") >= MAX_DEPTH;
}

/** How often the letter occurs, counted as far as MAX_DEPTH. */
function closers(text: string, letter: "}" | "]"): number {
  let count = 0;
  let at = text.indexOf(letter);
  for (; at >= 0 && count < MAX_DEPTH; at = text.indexOf(letter, at + 1)) count++;
  return count;
}

const TYPE = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
function checkMembers(event: Event): void {
  const { type } = event;
  if (typeof type !== "string" || type.length > MAX_TYPE_LENGTH || !TYPE.test(type)) {
    throw invalid(`"type" must be dotted lower case, such as tool.call; it is ${show(type)}`);
  }
  for (const name of REFERENCES) {
    const value: unknown = event[name];
    if (value === undefined) continue;
    if (typeof value !== "string" || value === "" || value.length > MAX_REFERENCE_LENGTH) {
      const limit = `a string of 1 to ${MAX_REFERENCE_LENGTH} characters`;
      throw invalid(`"${name}" must be ${limit}; it is ${show(value)}`);
    }
  }
  checkSubject(event.subject);
  if ("content" in event) {
    throw invalid('"content" is set by the journal: give the bytes as the content option');
  }
  if ("signature" in event) {
    throw invalid('"signature" is set by signing: give a signer, or the event as it was signed');
  }
}

/** What is not of this form would never be found. */
function checkSubject(subject: unknown): void {
  if (subject === undefined) return;
  const subjects: readonly unknown[] = Array.isArray(subject) ? subject : [subject];
  const isGood = subjects.every(
    (one) => typeof one === "string" && one !== "" && one.length <= MAX_REFERENCE_LENGTH,
  );
  if (isGood && subjects.length > 0) return;
  const limit = `strings of 1 to ${MAX_REFERENCE_LENGTH} characters`;
  throw invalid(`"subject" must be one or an array of ${limit}; it is ${show(subject)}`);
}

function refuseNonFinite(value: unknown, path: string): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw invalid(`${path} is ${value}, which JSON cannot hold`);
  }
  // What has a toJSON chooses what is written; its members are its own affair, and may be cyclic.
  if (typeof value !== "object" || value === null || "toJSON" in value) return;
  for (const [name, member] of Object.entries(value)) refuseNonFinite(member, `${path}/${name}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function invalid(message: string, cause?: unknown): SteleError {
  return new SteleError("EVENT_INVALID", message, { cause });
}
