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
export type ContentInput =
  | Uint8Array
  | string
  | { readonly bytes: Uint8Array | string; readonly mediaType?: string };

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
  const fields = Object.entries(inputs ?? {});
  if (fields.length === 0) return { event, contents: undefined, contentBytes: 0 };
  const contents = new Map<string, StoredContent>();
  const references: Record<string, ContentReference> = {};
  let contentBytes = 0;
  for (const [name, input] of fields) {
    const { bytes, mediaType } = normalise(name, input);
    const stored = { salt: world.random.bytes(SALT_BYTES), bytes };
    const commitment = commit(world.primitives, name, stored);
    contents.set(name, stored);
    references[name] = { mediaType, size: bytes.length, commitment };
    contentBytes += bytes.length;
  }
  if (contentBytes > MAX_CONTENT_BYTES) {
    const message = `contents of ${contentBytes} bytes for one event, more than ${MAX_CONTENT_BYTES}`;
    throw new SteleError("CONTENT_TOO_LARGE", message);
  }
  return { event: withReferences(event, references), contents, contentBytes };
}

function normalise(
  name: string,
  input: ContentInput,
): { readonly bytes: Uint8Array; readonly mediaType: string } {
  if (!isContentName(name)) {
    throw new SteleError("CONTENT_INVALID", `${JSON.stringify(name)} cannot name a content`);
  }
  const plain = typeof input === "string" || input instanceof Uint8Array;
  const body = plain ? input : input.bytes;
  const declared = plain ? undefined : input.mediaType;
  if (typeof body === "string") {
    return { bytes: utf8(body), mediaType: declared ?? "text/plain; charset=utf-8" };
  }
  if (body instanceof Uint8Array) {
    return { bytes: body.slice(), mediaType: declared ?? "application/octet-stream" };
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
