import { utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { GENESIS } from "../calybris.ts";
import { readCalybrisLine, type CalybrisLine } from "../calybris-line.ts";
import { memberOf } from "../lossless-json.ts";
import type {
  NativeEntry,
  RecordWriter,
  TakenRecord,
  WriteContext,
  WrittenRecord,
} from "./record-writer.ts";
import { serdeJson } from "./serde-json.ts";

/** Writes a log of calybris-core: of Stele's own entries their `data`, or null. */
export class CalybrisWriter implements RecordWriter {
  readonly begin = "";
  readonly first = "";
  readonly between = "\n";
  readonly #context: WriteContext;
  #previous = GENESIS;
  #sequence = 0n;
  /** Whether what was written has a key that was not given. */
  #hasOtherKey = false;

  constructor(context: WriteContext) {
    this.#context = context;
  }

  end(): string {
    return this.#sequence === 0n ? "" : "\n";
  }

  takenOver({ seq, text, wasRight }: TakenRecord): WrittenRecord | undefined {
    const line = readCalybrisLine(utf8(text));
    if ("problem" in line) return undefined;
    const { key } = this.#context;
    const isRight = this.#hash(line.previousHash, line.data, key) === line.entryHash;
    if (!isRight && !wasRight && !this.#isPlain(line)) return undefined;
    const isNext = line.sequence === this.#sequence + 1n && line.previousHash === this.#previous;
    if (isNext && (isRight || (!key && wasRight))) {
      this.#hasOtherKey ||= !isRight;
      this.#sequence++;
      this.#previous = line.entryHash;
      return { text, isAsItWas: true };
    }
    if (!isRight && !key) throw noKey(seq);
    return { text: this.#append(seq, line.data), isAsItWas: false };
  }

  made({ seq, event }: NativeEntry): string {
    const data = memberOf(event, "data");
    return this.#append(seq, utf8(data === undefined ? "null" : serdeJson(data)));
  }

  #isPlain({ previousHash, data, entryHash }: CalybrisLine): boolean {
    return this.#hash(previousHash, data, undefined) === entryHash;
  }

  #append(seq: number, data: Uint8Array): string {
    const { key } = this.#context;
    if (this.#hasOtherKey && !key) throw noKey(seq);
    const previous = this.#previous;
    this.#previous = this.#hash(previous, data, key);
    this.#sequence++;
    const links = `"previous_hash":"${previous}","entry_hash":"${this.#previous}"`;
    return `{"sequence":${this.#sequence},${links},"data":${Buffer.from(data).toString()}}`;
  }

  #hash(previous: string, data: Uint8Array, key: Uint8Array | undefined): string {
    const { primitives } = this.#context;
    const parts = [utf8(previous), data];
    return key ? primitives.hmacSha256(key, parts) : primitives.sha256(Buffer.concat(parts));
  }
}

function noKey(seq: number): SteleError {
  const message = `entry ${seq} cannot be chained anew without the key that its log has`;
  return new SteleError("KEY_MISSING", message, { seq, fix: "give the key: --key-file FILE" });
}
