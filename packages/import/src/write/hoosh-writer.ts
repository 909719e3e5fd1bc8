import { utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { ZERO_HASH } from "@stele/core/hash";
import { hooshLacks, hooshPreimage } from "../hoosh.ts";
import { memberOf, readLossless, stringOf, type Lossless } from "../lossless-json.ts";
import { NativeFields } from "./native-fields.ts";
import {
  readOr,
  withMembers,
  type NativeEntry,
  type RecordWriter,
  type TakenRecord,
  type WriteContext,
  type WrittenRecord,
} from "./record-writer.ts";
import { serdeJson } from "./serde-json.ts";

const VERSION = "1.0.0";
const LEVELS = new Set(["trace", "debug", "info", "warn", "error"]);
/** The members of data that have a place of their own; any other is put into `metadata`. */
const PLACED = new Set([
  "event",
  "level",
  "message",
  "provider",
  "model",
  "metadata",
  "timestampMs",
  "origin",
]);

/** Writes an audit chain of hoosh from a gateway's events. */
export class HooshWriter implements RecordWriter {
  readonly begin = "[";
  readonly first = "";
  readonly between = ",";
  readonly #context: WriteContext;
  /** Undefined in front of the first record: a chain may begin anywhere. */
  #previous: string | undefined;

  constructor(context: WriteContext) {
    this.#context = context;
  }

  end(): string {
    return "]";
  }

  takenOver({ seq, text, wasRight }: TakenRecord): WrittenRecord | undefined {
    const node = readOr(text);
    if (!node || hooshLacks(node) !== undefined) return undefined;
    const integrity = memberOf(node, "integrity")!;
    const stated = stringOf(integrity, "previous_hash")!;
    const hash = this.#context.primitives.sha256(utf8(hooshPreimage(node)));
    const { key } = this.#context;
    const isRight = key
      ? this.#sign(hash, stated, key) === stringOf(integrity, "signature")
      : wasRight;
    if (!isRight && !wasRight) return undefined;
    this.#previous ??= stated;
    if (isRight && stated === this.#previous) {
      this.#previous = hash;
      return { text, isAsItWas: true };
    }
    return { text: this.#append(seq, node), isAsItWas: false };
  }

  made(entry: NativeEntry): string {
    const fields = new NativeFields(entry);
    const level = fields.text("level");
    if (!LEVELS.has(level)) fields.impossible("level", "is none of trace to error");
    const provider = fields.textOr("provider");
    const model = fields.textOr("model");
    const metadata = metadataOf(fields);
    const members = [
      `"id":${JSON.stringify(fields.id)}`,
      `"timestamp":${fields.wholeOr("timestampMs", 64) ?? fields.timeMs}`,
      `"event":${JSON.stringify(fields.text("event"))}`,
      `"level":${JSON.stringify(level)}`,
      `"message":${JSON.stringify(fields.text("message"))}`,
      ...(provider === undefined ? [] : [`"provider":${JSON.stringify(provider)}`]),
      ...(model === undefined ? [] : [`"model":${JSON.stringify(model)}`]),
      ...(metadata === undefined ? [] : [`"metadata":${metadata}`]),
      '"integrity":null',
    ];
    return this.#append(entry.seq, readLossless(`{${members.join(",")}}`));
  }

  #append(seq: number, node: Lossless): string {
    const { key, primitives } = this.#context;
    if (!key) {
      const message = `entry ${seq} cannot be signed without the gateway's key`;
      throw new SteleError("KEY_MISSING", message, { seq, fix: "give the key: --key-file FILE" });
    }
    const previous = this.#previous ?? ZERO_HASH;
    this.#previous = primitives.sha256(utf8(hooshPreimage(node)));
    const signature = this.#sign(this.#previous, previous, key);
    const integrity = { version: VERSION, signature, previous_hash: previous };
    return withMembers(node, { integrity: JSON.stringify(integrity) });
  }

  #sign(hash: string, previous: string, key: Uint8Array): string {
    return this.#context.primitives.hmacSha256(key, [utf8(`${hash}:${previous}`)]);
  }
}

/** What the event has as metadata, and its members that hoosh has no place for. */
function metadataOf(fields: NativeFields): string | undefined {
  const others = fields.names().filter((name) => !PLACED.has(name));
  const metadata = fields.member("metadata");
  if (others.length === 0) return metadata && serdeJson(metadata);
  if (metadata !== undefined && metadata.kind !== "object") {
    return fields.impossible("metadata", "is no object, and there are other members to go there");
  }
  const members = new Map<string, string>();
  for (const [name, value] of metadata?.members ?? []) members.set(name, serdeJson(value));
  for (const name of others) {
    if (members.has(name)) fields.impossible(name, "is in data.metadata as well");
    members.set(name, fields.member(name) === undefined ? "null" : fields.json(name));
  }
  const texts = [...members].map(([name, text]) => `${JSON.stringify(name)}:${text}`);
  return `{${texts.join(",")}}`;
}
