import { matchesAscii, utf8 } from "./bytes.ts";
import { formatCheckpoint } from "./checkpoint.ts";
import { SteleError } from "./error.ts";
import { Frontier } from "./frontier.ts";
import { ZERO_HASH, type Hash } from "./hash.ts";
import { checkJsonObject } from "./json.ts";
import type { Primitives, VerifierKey } from "./key.ts";
import {
  checkedHash,
  HASH_FIELD_BYTES,
  MAX_LINE_BYTES,
  parseHeader,
  sealedNote,
  formatSeal,
  type SegmentHeader,
} from "./ledger.ts";
import { parseNote, verifyNote } from "./note.ts";
import type { Finding } from "./verdict.ts";

/** What a segment leads to, once its last line has been checked: where the next one must start. */
export interface SegmentEnd {
  /** Entries up to and including the last seal. */
  readonly sealedSize: number;
  /** The tree's root at `sealedSize`. */
  readonly sealedRoot: Hash;
  /** Offset behind the last seal's newline, or behind the header when there is no seal. */
  readonly sealedBytes: number;
  /** Time of the last sealed entry. */
  readonly sealedAt: string | null;
  /** Hash of the last sealed entry. */
  readonly prev: Hash;
  readonly frontier: readonly Hash[];
  /** Well-formed entries behind the last seal. */
  readonly unsealedEntries: number;
}

/** Where a segment starts, or must: the end of the one before it. */
export type SegmentStart = Pick<SegmentEnd, "sealedSize" | "prev" | "frontier">;

/** Where the first segment starts. */
export const START: SegmentStart = { sealedSize: 0, prev: ZERO_HASH, frontier: [] };

/** Whether a segment's header continues what ends there. */
export function startsAt(header: SegmentHeader, end: SegmentStart): boolean {
  return (
    header.first === end.sealedSize &&
    header.prev === end.prev &&
    header.frontier.join() === end.frontier.join()
  );
}

const QUOTED_COMMA_PREV = ',"prev":"';
const TIME_FIELD = '","time":"';
const EVENT_FIELD = '","event":';
const TIME_PATTERN = "0000-00-00T00:00:00.000Z";

/**
 * Checks the lines of one segment in order, against nothing but its own header, the origin and the
 * key: the lines' form, hashes, links, tree and seals. Flat memory: it keeps the tree's frontier
 * and the last hash. Cost per entry: one leaf hash, one node hash, one pass over the bytes; per
 * seal one signature.
 */
export class SegmentChecker {
  readonly header: SegmentHeader;
  readonly #primitives: Primitives;
  readonly #key: VerifierKey;
  readonly #frontier: Frontier;
  readonly #rootsWanted: readonly number[];
  /** Roots at the sizes that were asked for, where this segment has them. */
  readonly roots: Map<number, Hash> = new Map<number, Hash>();
  #prev: Hash;
  /** The 24 bytes of the last entry's time: decoded only where a seal follows. */
  readonly #time = new Uint8Array(TIME_PATTERN.length);
  #offsetBytes: number;
  #end: SegmentEnd;

  /** `headerLine` is the first line without its newline. Throws as `parseHeader`. */
  constructor(
    primitives: Primitives,
    key: VerifierKey,
    headerLine: Uint8Array,
    rootsWanted: readonly number[] = [],
  ) {
    this.header = parseHeader(headerLine);
    this.#primitives = primitives;
    this.#key = key;
    this.#rootsWanted = rootsWanted;
    this.#frontier = new Frontier(primitives, this.header.first, this.header.frontier);
    this.#prev = this.header.prev;
    this.#offsetBytes = headerLine.length + 1;
    this.#end = this.#here();
    this.#noteRoot();
  }

  /** The state at the last seal so far. */
  get end(): SegmentEnd {
    return { ...this.#end, unsealedEntries: this.#frontier.size - this.#end.sealedSize };
  }

  /** The `seq` that the next entry must have. */
  get size(): number {
    return this.#frontier.size;
  }

  /** The hash that the next entry must name. */
  get prev(): Hash {
    return this.#prev;
  }

  /**
   * Checks the next line, `buffer[start, end)`, which is followed by a newline. `buffer[start -
   * 1]` must exist; it and the line are written to during the call and restored before it returns.
   * Returns what is wrong, or undefined.
   */
  check(buffer: Uint8Array, start: number, end: number): Finding | undefined {
    const finding =
      buffer[start + 4] === 0x71 // {"seq — a seal has {"sea
        ? this.#checkEntry(buffer, start, end)
        : this.#checkSeal(buffer.subarray(start, end));
    if (!finding) this.#offsetBytes += end - start + 1;
    if (!finding && buffer[start + 4] !== 0x71) this.#end = this.#here();
    return finding;
  }

  #checkEntry(buffer: Uint8Array, start: number, end: number): Finding | undefined {
    if (end - start > MAX_LINE_BYTES) return this.#corrupt("the line is too long");
    const hash = checkedHash(this.#primitives, buffer, start, end);
    if (hash === "malformed") return this.#corrupt("the line is not a ledger line");
    if (hash === "mismatch") return this.#tampered("the entry's bytes do not match its hash");
    const finding = this.#checkLeaf(buffer, start, end - HASH_FIELD_BYTES);
    if (finding) return finding;
    this.#prev = hash;
    this.#frontier.append(hash);
    this.#noteRoot();
    return undefined;
  }

  #checkLeaf(buffer: Uint8Array, start: number, field: number): Finding | undefined {
    const seq = String(this.#frontier.size);
    let at = start + 7;
    if (!matchesAscii(buffer, start, '{"seq":')) return this.#corrupt("the line is not an entry");
    if (!matchesAscii(buffer, at, seq) || buffer[at + seq.length] !== 0x2c) {
      return this.#tampered(`expected entry ${seq}, found entry ${digitsAt(buffer, at)}`);
    }
    at += seq.length;
    if (!matchesAscii(buffer, at, QUOTED_COMMA_PREV)) return this.#corrupt("malformed entry");
    at += QUOTED_COMMA_PREV.length;
    if (!matchesAscii(buffer, at, this.#prev)) {
      return this.#tampered("the entry does not name the hash of the entry before it");
    }
    at += 64;
    const time = at + TIME_FIELD.length;
    if (!matchesAscii(buffer, at, TIME_FIELD) || !this.#readTime(buffer, time)) {
      return this.#corrupt("the entry's time is malformed");
    }
    at = time + TIME_PATTERN.length;
    if (!matchesAscii(buffer, at, EVENT_FIELD)) return this.#corrupt("malformed entry");
    if (checkJsonObject(buffer, at + EVENT_FIELD.length, field) !== -1) {
      return this.#corrupt("the event is not a JSON object in compact form");
    }
    return undefined;
  }

  #readTime(buffer: Uint8Array, start: number): boolean {
    for (let index = 0; index < TIME_PATTERN.length; index++) {
      const byte = buffer[start + index]!;
      const wanted = TIME_PATTERN.charCodeAt(index);
      const good = wanted === DIGIT_ZERO ? byte >= DIGIT_ZERO && byte <= 0x39 : byte === wanted;
      if (!good) return false;
      this.#time[index] = byte;
    }
    return true;
  }

  #checkSeal(line: Uint8Array): Finding | undefined {
    const note = matchesAscii(line, 0, '{"seal":"') ? sealedNote(line) : undefined;
    if (note === undefined) return this.#corrupt("the line is not a ledger line");
    const { origin } = this.header;
    const size = this.#frontier.size;
    const root = this.#frontier.root();
    if (size === this.#end.sealedSize) return this.#unvouched("a seal that covers no new entry");
    if (!note.startsWith(formatCheckpoint({ origin, size, root }))) {
      return this.#unvouched("the seal is not over the entries before it");
    }
    const signature = this.#signature(note);
    if (!signature) {
      return this.#unvouched(`the seal has no valid signature by ${this.#key.name}`);
    }
    const canonical = utf8(formatSeal({ origin, size, root }, this.#key, signature));
    if (!equalLines(line, canonical)) return this.#unvouched("the seal is not in canonical form");
    return undefined;
  }

  #signature(note: string): Uint8Array | undefined {
    try {
      const parsed = parseNote(utf8(note));
      verifyNote(this.#primitives, parsed, this.#key);
      return parsed.signatures[0]?.signature;
    } catch (error) {
      if (error instanceof SteleError) return undefined;
      throw error;
    }
  }

  #here(): SegmentEnd {
    return {
      sealedSize: this.#frontier.size,
      sealedRoot: this.#frontier.root(),
      sealedBytes: this.#offsetBytes,
      sealedAt: this.#time[0] === 0 ? null : String.fromCharCode(...this.#time),
      prev: this.#prev,
      frontier: this.#frontier.nodes,
      unsealedEntries: 0,
    };
  }

  #noteRoot(): void {
    const size = this.#frontier.size;
    if (this.#rootsWanted.includes(size)) this.roots.set(size, this.#frontier.root());
  }

  #corrupt(reason: string): Finding {
    return { verdict: "corrupt", seq: this.#frontier.size, reason };
  }

  #tampered(reason: string): Finding {
    return { verdict: "tampered", seq: this.#frontier.size, reason };
  }

  /** A bad seal: every entry since the seal before it is in doubt. */
  #unvouched(reason: string): Finding {
    return { verdict: "tampered", seq: this.#end.sealedSize, reason };
  }
}

const DIGIT_ZERO = 0x30;

function digitsAt(buffer: Uint8Array, at: number): string {
  let digits = "";
  for (let index = at; index < at + 16; index++) {
    const byte = buffer[index] ?? 0;
    if (byte < DIGIT_ZERO || byte > 0x39) break;
    digits += String.fromCharCode(byte);
  }
  return digits;
}

function equalLines(line: Uint8Array, withNewline: Uint8Array): boolean {
  return (
    line.length === withNewline.length - 1 &&
    line.every((byte, index) => byte === withNewline[index])
  );
}
