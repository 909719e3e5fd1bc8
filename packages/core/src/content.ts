import { fromBase64, toBase64 } from "./base64.ts";
import { decodeUtf8, fromHex, toHex, utf8 } from "./bytes.ts";
import { SteleError } from "./error.ts";
import type { Hash, Hasher } from "./hash.ts";
import { isHash } from "./hash.ts";
import { parseJson } from "./json.ts";

// Bulky or private bytes are kept beside the ledger; the event holds only a salted commitment
// (spec/content.md).

/** What an event says of one content: its `content` member is an object of these by field name. */
export interface ContentReference {
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  readonly commitment: Hash;
}

/** One content as it lies in the content segment. */
export interface StoredContent {
  readonly salt: Uint8Array;
  readonly bytes: Uint8Array;
}

/** The salt is as long as the hash, so that a guess cannot be confirmed by trying salts. */
export const SALT_BYTES = 32;
/** What all contents of one entry may add up to. */
export const MAX_CONTENT_BYTES: number = 64 * 1024 * 1024;

const DOMAIN = utf8("stele/content/v1\0");

/** Whether the text can name a content. */
export function isContentName(untrusted: string): boolean {
  return /^[A-Za-z0-9._-]{1,64}$/.test(untrusted) && untrusted !== "__proto__";
}

/** HMAC-SHA-256(salt, `stele/content/v1` ‖ 0x00 ‖ field name ‖ 0x00 ‖ bytes). */
export function commit(hasher: Hasher, name: string, content: StoredContent): Hash {
  return hasher.hmacSha256(content.salt, [DOMAIN, utf8(`${name}\0`), content.bytes]);
}

/** A line of a content segment: what is kept beside the ledger for one entry. */
export interface ContentLine {
  readonly seq: number;
  readonly contents: ReadonlyMap<string, StoredContent>;
  /** The `seq` of the `stele.erased` entry, by the name of each content that is gone. */
  readonly erased: ReadonlyMap<string, number>;
}

/**
 * The line of a content segment that holds an entry's contents, with its newline. Bytes that are
 * UTF-8 are stored as text, so that they can be read and searched with ordinary tools; others as
 * base64.
 */
export function formatContentLine(
  seq: number,
  contents: ReadonlyMap<string, StoredContent>,
  erased: ReadonlyMap<string, number> = new Map(),
): string {
  const fields = [...contents].map(([name, stored]) => [name, storedMember(stored)] as const);
  const line = { seq, content: Object.fromEntries<object>(fields) };
  const gone = erased.size > 0 ? { erased: Object.fromEntries(erased) } : {};
  return `${JSON.stringify({ ...line, ...gone })}\n`;
}

/** One content as a content line has it. */
export function storedMember({ salt, bytes }: StoredContent): object {
  const text = decodeUtf8(bytes);
  const body = text === undefined ? { base64: toBase64(bytes) } : { text };
  return { salt: toHex(salt), ...body };
}

/** Reads what `storedMember` gives; undefined when it has another form. */
export function parseStoredMember(untrusted: unknown): StoredContent | undefined {
  return isObject(untrusted) ? readStored(untrusted) : undefined;
}

/** Reads a content line. Throws JOURNAL_DAMAGED when it has another form. Checks no commitment. */
export function parseContentLine(untrusted: Uint8Array): ContentLine {
  const line = decodeUtf8(untrusted) ?? "";
  const usual = readUsual(line);
  if (usual) return usual;
  const { seq, content, erased = {}, ...rest } = readObject(line);
  if (!isSeq(seq)) throw malformed("a line of the content segment is malformed");
  const isWhole = isObject(content) && isErased(erased) && Object.keys(rest).length === 0;
  if (!isWhole || Object.keys(erased).some((name) => Object.hasOwn(content, name))) {
    throw malformed(`the contents of entry ${seq} are malformed`, seq);
  }
  const contents = Object.entries(content).map(([name, untrustedContent]) => {
    const stored = parseStoredMember(untrustedContent);
    if (!stored) throw malformed(`content ${name} of entry ${seq} is malformed`, seq);
    return [name, stored] as const;
  });
  return { seq, contents: new Map(contents), erased: new Map(Object.entries(erased)) };
}

const USUAL_BEGINNING = new RegExp(
  String.raw`^\{"seq":(0|[1-9][0-9]{0,14}),"content":\{"([A-Za-z0-9._-]{1,64})":` +
    String.raw`\{"salt":"([0-9a-f]{64})","text":"`,
);
const USUAL_END = '"}}}';

/**
 * A line with one text, spelled as writers do, which is most lines, and read four times as fast:
 * between a fixed beginning and end stands one JSON string. Undefined for any other.
 */
function readUsual(line: string): ContentLine | undefined {
  const [beginning, seq, name, salt] = USUAL_BEGINNING.exec(line) ?? [];
  if (beginning === undefined || !line.endsWith(USUAL_END)) return undefined;
  const body = line.slice(beginning.length, -USUAL_END.length);
  // Half a surrogate pair can only be written so.
  const text = body.includes("\\u") ? undefined : readString(body);
  if (text === undefined) return undefined;
  const contents = new Map([[name!, { salt: fromHex(salt!)!, bytes: utf8(text) }]]);
  return { seq: Number(seq), contents, erased: new Map() };
}

/** Undefined unless it is what stands between the quotes of one JSON string. */
function readString(untrustedBody: string): string | undefined {
  try {
    return JSON.parse(`"${untrustedBody}"`) as string;
  } catch {
    return undefined;
  }
}

/** The content references of a recorded event; empty when it has none or they have another form. */
export function contentReferences(event: {
  readonly content?: unknown;
}): ReadonlyMap<string, ContentReference> {
  const { content } = event;
  if (typeof content !== "object" || content === null) return new Map();
  return new Map(
    Object.entries(content as Record<string, ContentReference>).filter(
      ([name, reference]) => isContentName(name) && isHash(reference?.commitment),
    ),
  );
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Strictly, so that no two readers can take a line for different contents. */
function readObject(text: string): JsonObject {
  try {
    const { value } = parseJson(text);
    return isObject(value) ? value : {};
  } catch (error) {
    if (error instanceof SteleError) return {};
    throw error;
  }
}

function readStored({ salt, text, base64, ...rest }: JsonObject): StoredContent | undefined {
  const saltBytes = typeof salt === "string" ? fromHex(salt) : undefined;
  if (saltBytes?.length !== SALT_BYTES || Object.keys(rest).length > 0) return undefined;
  // Exactly one of the two.
  if ((text === undefined) === (base64 === undefined)) return undefined;
  const decoded = typeof base64 === "string" ? fromBase64(base64) : undefined;
  const bytes = typeof text === "string" ? utf8(text) : decoded;
  return bytes && { salt: saltBytes, bytes };
}

function isErased(untrusted: unknown): untrusted is Readonly<Record<string, number>> {
  return isObject(untrusted) && Object.values(untrusted).every(isSeq);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function malformed(message: string, seq?: number): SteleError {
  return new SteleError("JOURNAL_DAMAGED", message, seq === undefined ? {} : { seq });
}
