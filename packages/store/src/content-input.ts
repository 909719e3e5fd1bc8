import { utf8 } from "@stele/core/bytes";
import {
  commit,
  isContentName,
  MAX_CONTENT_BYTES,
  SALT_BYTES,
  type ContentReference,
  type StoredContent,
} from "@stele/core/content";
import { SteleError } from "@stele/core/error";
import { EventText } from "@stele/core/event";
import type { World } from "./world.ts";

/** Bytes to be kept beside the ledger: text is stored as UTF-8. */
export type ContentInput = Uint8Array | string | TypedContent;

/** Bytes or text with the media type that the entry will name. */
interface TypedContent {
  readonly bytes: Uint8Array | string;
  readonly mediaType?: string;
}

/** An event with its contents committed to. */
export interface Prepared {
  readonly event: EventText;
  readonly contents: ReadonlyMap<string, StoredContent> | undefined;
  readonly contentBytes: number;
}

/**
 * Salts and commits to the contents and puts the references into the event. Throws
 * CONTENT_INVALID, CONTENT_TOO_LARGE. The bytes are copied, so the caller may reuse its buffers at
 * once.
 */
export function prepareContents(
  world: World,
  event: EventText,
  inputs: Readonly<Record<string, ContentInput>> | undefined,
): Prepared {
  if (inputs === undefined) return { event, contents: undefined, contentBytes: 0 };
  const parts = Object.entries(inputs).map(([name, input]) => normalise(name, input));
  const contentBytes = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (contentBytes > MAX_CONTENT_BYTES) {
    const message = `the contents have ${contentBytes} bytes, more than ${MAX_CONTENT_BYTES}`;
    throw new SteleError("CONTENT_TOO_LARGE", message);
  }
  if (parts.length === 0) return { event, contents: undefined, contentBytes };
  const contents = new Map<string, StoredContent>();
  const references: Record<string, ContentReference> = {};
  for (const { name, bytes, mediaType } of parts) {
    const stored = { salt: world.random.bytes(SALT_BYTES), bytes: bytes.slice() };
    const commitment = commit(world.primitives, name, stored);
    contents.set(name, stored);
    references[name] = { mediaType, size: bytes.length, commitment };
  }
  return { event: withReferences(event, references), contents, contentBytes };
}

interface Part {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

function normalise(name: string, input: ContentInput): Part {
  if (!isContentName(name)) {
    throw new SteleError("CONTENT_INVALID", `${JSON.stringify(name)} cannot name a content`);
  }
  const plain = typeof input === "string" || input instanceof Uint8Array;
  // Callers without types may give anything.
  const typed: Partial<TypedContent> = plain ? { bytes: input } : (input ?? {});
  const { bytes, mediaType } = typed;
  if (typeof bytes === "string") {
    return { name, bytes: utf8(bytes), mediaType: mediaType ?? "text/plain; charset=utf-8" };
  }
  if (bytes instanceof Uint8Array) {
    return { name, bytes, mediaType: mediaType ?? "application/octet-stream" };
  }
  throw new SteleError("CONTENT_INVALID", `content ${name} must be bytes or a string`);
}

function withReferences(
  event: EventText,
  references: Readonly<Record<string, ContentReference>>,
): EventText {
  const text = `${event.text.slice(0, -1)},"content":${JSON.stringify(references)}}`;
  return new EventText(text, event);
}
