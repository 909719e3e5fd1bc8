import { commit, parseStoredMember, storedMember, type StoredContent } from "@stele/core/content";
import { SteleError } from "@stele/core/error";
import { encodeEvent, EventText, type Event } from "@stele/core/event";
import type { Hasher } from "@stele/core/hash";
import { parseJson } from "@stele/core/json";
import type { Signer } from "@stele/core/key";
import {
  eventMessage,
  parseSignedEvent,
  withSignature,
  type SignedText,
} from "@stele/core/signed-event";
import type { ContentInput, World } from "@stele/store";
import { prepareContents } from "@stele/store/agents";
import { thisMachine } from "./world.ts";

/** How an agent signs an event. */
export interface SignOptions {
  /** The agent's key: its name is the event's `agent`. */
  readonly signer: Signer;
  /** What is to be kept beside the ledger; the signature covers what commits to it. */
  readonly content?: Readonly<Record<string, ContentInput>> | undefined;
}

/**
 * An event as its agent signed it, with the contents that it commits to: what another process hands
 * to the journal, as an object or as a line of JSON. Made by `signEvent` and `parseSigned`.
 */
export class SignedEvent {
  /** The event's text, whose last member is the signature. */
  readonly text: string;
  /** By name, each with its salt. */
  readonly contents: ReadonlyMap<string, StoredContent>;

  /** For `signEvent` and `parseSigned`. */
  constructor(text: string, contents: ReadonlyMap<string, StoredContent>) {
    this.text = text;
    this.contents = contents;
  }

  /** The line for `stele append` and `parseSigned`: `{"signed":"…","contents":{…}}`. */
  toJSON(): unknown {
    const contents = [...this.contents].map(
      ([name, content]) => [name, storedMember(content)] as const,
    );
    return { signed: this.text, contents: Object.fromEntries<object>(contents) };
  }
}

/**
 * Signs an event where the agent is, also without a journal: commits to the contents with fresh
 * salts, then signs the event's exact bytes (spec/agents.md). Throws EVENT_, CONTENT_ and JSON_
 * codes, and SIGNATURE_INVALID when the signer's name is not the event's agent.
 */
export async function signEvent(
  event: Event | EventText,
  options: SignOptions,
): Promise<SignedEvent> {
  const world = thisMachine();
  try {
    return await signIn(world, event instanceof EventText ? event : encodeEvent(event), options);
  } finally {
    await world.disk.close();
  }
}

/** The same in a world; at once when the signer signs at once. */
export function signIn(
  world: World,
  text: EventText,
  { signer, content }: SignOptions,
): SignedEvent | Promise<SignedEvent> {
  const { key } = signer;
  if (text.agent !== key.name || key.type !== "ed25519") {
    const agent = text.agent === undefined ? "names no agent" : `is ${text.agent}'s`;
    throw invalid(`the event ${agent}, the signer is ${key.name}`);
  }
  const prepared = prepareContents(world, text, content);
  const body = prepared.event.text;
  const signature = signer.sign(eventMessage(body));
  const finish = (made: Uint8Array): SignedEvent => {
    if (made.length !== 64) throw invalid(`the signer made ${made.length} bytes, not 64`);
    return new SignedEvent(withSignature(body, key.keyId, made), prepared.contents ?? new Map());
  };
  return signature instanceof Uint8Array ? finish(signature) : signature.then(finish);
}

/**
 * Reads a signed event that came as a line: the event's text alone, or what `SignedEvent` is as
 * JSON. Checks the form only. Throws JSON_ codes, EVENT_INVALID, SIGNATURE_INVALID,
 * CONTENT_INVALID.
 */
export function parseSigned(untrusted: string): SignedEvent {
  const { value, text } = parseJson(untrusted);
  const { signed, contents = {}, ...rest } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (signed === undefined) {
    parseSignedEvent(untrusted.trim());
    return new SignedEvent(text, new Map());
  }
  if (typeof signed !== "string" || Object.keys(rest).length > 0 || !isObject(contents)) {
    throw new SteleError("EVENT_INVALID", "a signed event has the members signed and contents");
  }
  parseSignedEvent(signed);
  const stored = Object.entries(contents).map(
    ([name, content]) => [name, readContent(name, content)] as const,
  );
  return new SignedEvent(signed, new Map(stored));
}

/** Throws CONTENT_INVALID unless these are exactly the contents that the event commits to. */
export function requireCommitted(
  hasher: Hasher,
  { references }: SignedText,
  contents: ReadonlyMap<string, StoredContent>,
): void {
  for (const name of new Set([...references.keys(), ...contents.keys()])) {
    const [reference, content] = [references.get(name), contents.get(name)];
    if (!reference) throw unfit(`the event does not name the content ${name}`);
    if (!content) throw unfit(`the content ${name}, which the event names, is missing`);
    const isThat = commit(hasher, name, content) === reference.commitment;
    if (!isThat) throw unfit(`the event does not commit to this content ${name}`);
    if (content.bytes.length !== reference.size) {
      throw unfit(`the content ${name} has ${content.bytes.length} bytes, not ${reference.size}`);
    }
  }
}

function readContent(name: string, untrusted: unknown): StoredContent {
  const stored = parseStoredMember(untrusted);
  if (stored) return stored;
  throw unfit(`the content ${name} is not a salt and one of text and base64`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): SteleError {
  return new SteleError("SIGNATURE_INVALID", message);
}

function unfit(message: string): SteleError {
  return new SteleError("CONTENT_INVALID", message);
}
