import { SteleError } from "@stele/core/error";
import { ZERO_HASH } from "@stele/core/hash";
import { chioLacks, chioPreimage } from "../chio.ts";
import { readLossless, stringOf, unsignedOf, type Lossless } from "../lossless-json.ts";
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

/** What a call that names no server or agent has there: chio wants a text that is not empty. */
const UNKNOWN = "unknown";

/** Writes a session journal of chio-http-session from the tool calls of one session. */
export class ChioWriter implements RecordWriter {
  readonly begin = '{\n  "entries": [';
  readonly first = "\n    ";
  readonly between = ",\n    ";
  readonly #context: WriteContext;
  #hasLengths: boolean | undefined;
  #previous: string = ZERO_HASH;
  #sequence = 0n;
  #session: { readonly id: string | undefined } | undefined;
  #isFirst = true;

  constructor(context: WriteContext) {
    this.#context = context;
    this.#hasLengths = context.lengths;
  }

  session(id: string | undefined): void {
    this.#session ??= { id };
    if (this.#session.id === id) return;
    const names = [this.#session.id, id].map((name) => JSON.stringify(name) ?? "none");
    const several = names.join(", ");
    const message = `a chio file has one session, and these entries have several: ${several}`;
    throw new SteleError("OPTION_INVALID", message, { fix: "choose one: --session ID" });
  }

  end(): string {
    const id = this.#session?.id;
    const session = id === undefined ? "" : `,\n  "session_id": ${JSON.stringify(id)}`;
    return `${this.#isFirst ? "" : "\n  "}]${session}\n}`;
  }

  takenOver({ text }: TakenRecord): WrittenRecord | undefined {
    const node = readOr(text);
    if (!node || chioLacks(node) !== undefined) return undefined;
    const stated = stringOf(node, "entry_hash")!;
    const { sha256 } = this.#context.primitives;
    const fits = [false, true].filter((has) => sha256(chioPreimage(node, has)) === stated);
    if (fits.length === 0) return undefined;
    this.#hasLengths ??= fits[0]!;
    const sequence = unsignedOf(node, "sequence", 64)!;
    const previous = stringOf(node, "prev_hash")!;
    if (this.#isFirst && this.#hasLengths && sequence > 0n) {
      // What was in front was evicted, as the format allows.
      this.#sequence = sequence;
      this.#previous = previous;
    }
    const isNext = sequence === this.#sequence && previous === this.#previous;
    if (!isNext || !fits.includes(this.#hasLengths)) {
      return { text: this.#append(node), isAsItWas: false };
    }
    this.#advance(stated);
    return { text, isAsItWas: true };
  }

  made(entry: NativeEntry): string {
    const fields = new NativeFields(entry);
    this.#hasLengths ??= false;
    const seconds = String(Math.floor(fields.timeMs / 1000));
    const members = {
      sequence: "0",
      prev_hash: '""',
      entry_hash: '""',
      timestamp_secs: fields.wholeOr("timestampSeconds", 64) ?? seconds,
      tool_name: JSON.stringify(fields.text("tool")),
      server_id: JSON.stringify(fields.textOr("server") ?? UNKNOWN),
      agent_id: JSON.stringify(fields.agent ?? UNKNOWN),
      bytes_read: fields.wholeOr("bytesRead", 64) ?? "0",
      bytes_written: fields.wholeOr("bytesWritten", 64) ?? "0",
      delegation_depth: fields.wholeOr("delegationDepth", 32) ?? "0",
      allowed: allowed(fields),
    };
    const texts = Object.entries(members).map(([name, value]) => `"${name}":${value}`);
    return this.#append(readLossless(`{${texts.join(",")}}`));
  }

  #append(node: Lossless): string {
    const links = {
      sequence: String(this.#sequence),
      prev_hash: JSON.stringify(this.#previous),
    };
    const linked = readLossless(withMembers(node, links));
    const preimage = chioPreimage(linked, this.#hasLengths === true);
    const hash = this.#context.primitives.sha256(preimage);
    this.#advance(hash);
    return withMembers(linked, { entry_hash: JSON.stringify(hash) });
  }

  #advance(hash: string): void {
    this.#isFirst = false;
    this.#sequence++;
    this.#previous = hash;
  }
}

function allowed(fields: NativeFields): string {
  const member = fields.member("allowed");
  if (member === undefined) return "true";
  if (member.text === "true" || member.text === "false") return member.text;
  return fields.impossible("allowed", "is neither true nor false");
}
