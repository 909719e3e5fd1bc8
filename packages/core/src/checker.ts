import { decodeUtf8, matchesAscii, utf8 } from "./bytes.ts";
import { formatCheckpoint } from "./checkpoint.ts";
import { SteleError } from "./error.ts";
import { Frontier } from "./frontier.ts";
import { ZERO_HASH, type Hash } from "./hash.ts";
import { checkJsonObject } from "./json.ts";
import { sameKey, type Primitives, type VerifierKey } from "./key.ts";
import {
  KEY_EVENT_BEGINNING,
  parseKeyChange,
  parseRecoveryKey,
  type KeyChange,
} from "./key-event.ts";
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
import { parsePruned, PRUNED_EVENT_BEGINNING, type PrunedRecord } from "./pruned-event.ts";
import { TileHashes } from "./tile/hashes.ts";
import type { TileHash } from "./tile/layout.ts";
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
  /**
   * Whether one of the seals is by the segment's own key. The recovery key's does not show that who
   * has the other one ever saw the journal.
   */
  readonly hasOwnSeal: boolean;
  /** The key of what follows, when the last sealed entry ends an epoch, and with it the segment. */
  readonly nextKey: VerifierKey | undefined;
}

/** What seals a segment: one key, since the end of an epoch is the end of its segment. */
export interface SegmentKeys {
  readonly key: VerifierKey;
  /** The one that entry 0 names, if it does: only it can seal that `key` was lost. */
  readonly recoveryKey?: VerifierKey | undefined;
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
/** No event that names a key is longer: a name of 255 characters, and less than 255 around it. */
const MAX_KEY_EVENT_BYTES = 512;

/**
 * Checks the lines of one segment in order, against nothing but its own header, the origin and the
 * keys: the lines' form, hashes, links, tree and seals. Flat memory: it keeps the tree's frontier
 * and the last hash. Cost per entry: one leaf hash, one node hash, one pass over the bytes; per
 * seal one signature.
 */
export class SegmentChecker {
  readonly header: SegmentHeader;
  readonly #primitives: Primitives;
  readonly #key: VerifierKey;
  #recoveryKey: VerifierKey | undefined;
  /** What the last entry says of keys; a seal must follow it, and nothing else that. */
  #change: KeyChange | undefined;
  #hasOwnSeal = false;
  readonly #frontier: Frontier;
  readonly #rootsWanted: readonly number[];
  /** Roots at the sizes that were asked for, where this segment has them. */
  readonly roots: Map<number, Hash> = new Map<number, Hash>();
  /** What its entries say of segments that were dropped, so far. */
  readonly pruned: PrunedRecord[] = [];
  readonly #tiles: TileHashes;
  #prev: Hash;
  /** The 24 bytes of the last entry's time: decoded only where a seal follows. */
  readonly #time = new Uint8Array(TIME_PATTERN.length);
  #offsetBytes: number;
  #end: SegmentEnd;

  /** `headerLine` is the first line without its newline. Throws as `parseHeader`. */
  constructor(
    primitives: Primitives,
    keys: SegmentKeys,
    headerLine: Uint8Array,
    rootsWanted: readonly number[] = [],
  ) {
    this.header = parseHeader(headerLine);
    this.#primitives = primitives;
    this.#key = keys.key;
    // Entry 0 itself says which it is.
    this.#recoveryKey = this.header.first === 0 ? undefined : keys.recoveryKey;
    this.#rootsWanted = rootsWanted;
    this.#frontier = new Frontier(primitives, this.header.first, this.header.frontier);
    this.#tiles = new TileHashes(primitives, this.header.first);
    this.#prev = this.header.prev;
    this.#offsetBytes = headerLine.length + 1;
    this.#end = this.#here();
    this.#noteRoot();
  }

  /** The state at the last seal so far. */
  get end(): SegmentEnd {
    return { ...this.#end, unsealedEntries: this.#frontier.size - this.#end.sealedSize };
  }

  /** Entries up to and including the last seal so far. */
  get sealedSize(): number {
    return this.#end.sealedSize;
  }

  /** The full tiles whose last entry this segment has, so far. */
  get tiles(): readonly TileHash[] {
    return this.#tiles.tiles;
  }

  /** The recovery key that was given, or that entry 0 names when this segment holds it. */
  get recoveryKey(): VerifierKey | undefined {
    return this.#recoveryKey;
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
    if (this.#change) return this.#tampered("an entry follows the end of its segment's key");
    const finding = this.#checkLeaf(buffer, start, end - HASH_FIELD_BYTES);
    if (finding) return finding;
    this.#prev = hash;
    this.#tiles.note(0, hash);
    this.#frontier.append(hash, this.#tiles.note);
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
    return this.#readKeys(buffer, at + EVENT_FIELD.length, field);
  }

  /** Few events are about keys: their first bytes tell. */
  #readKeys(buffer: Uint8Array, start: number, end: number): Finding | undefined {
    if (!matchesAscii(buffer, start, KEY_EVENT_BEGINNING)) return undefined;
    if (matchesAscii(buffer, start, PRUNED_EVENT_BEGINNING)) this.#notePruned(buffer, start, end);
    const { origin } = this.header;
    // The forms that count are ASCII and short. What is not even UTF-8 is read all the same, and
    // what is longer is read in part: neither is one of them.
    const shown = buffer.subarray(start, Math.min(end, start + MAX_KEY_EVENT_BYTES));
    const text = String.fromCharCode(...shown);
    try {
      this.#change = parseKeyChange(this.#primitives, origin, text);
      if (this.size === 0) this.#recoveryKey = parseRecoveryKey(this.#primitives, origin, text);
    } catch (error) {
      if (error instanceof SteleError) return this.#tampered(error.message);
      throw error;
    }
    const named = this.#change?.next ?? (this.size === 0 ? this.#recoveryKey : undefined);
    if (!named || this.#mayName(named)) return undefined;
    return this.#tampered("the entry names a key that it cannot name");
  }

  #notePruned(buffer: Uint8Array, start: number, end: number): void {
    const time = String.fromCharCode(...this.#time);
    const event = decodeUtf8(buffer.subarray(start, end)) ?? "";
    const record = parsePruned({ seq: this.size, time }, event);
    if (record) this.pruned.push(record);
  }

  /** A journal that is sealed with a secret names no keys, and no key is named twice. */
  #mayName(named: VerifierKey): boolean {
    const isRecoveryKey = this.#recoveryKey !== undefined && sameKey(named, this.#recoveryKey);
    const isNew = !sameKey(named, this.#key) && (!isRecoveryKey || this.size === 0);
    return this.#key.type === "ed25519" && isNew;
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
    const isLost = this.#change?.reason === "lost";
    const key = isLost ? this.#provenRecoveryKey : this.#key;
    if (!key) return this.#unvouched("a key is declared lost, and no recovery key was named");
    const signature = this.#signature(note, key);
    if (signature instanceof Uint8Array) {
      const canonical = utf8(formatSeal({ origin, size, root }, key, signature));
      if (!equalLines(line, canonical)) return this.#unvouched("the seal is not in canonical form");
      this.#hasOwnSeal ||= !isLost;
      return undefined;
    }
    if (signature === undefined || signature === key.keyId) {
      return this.#unvouched(`the seal has no valid signature by ${key.name}+${key.keyId}`);
    }
    const reason = `the seal is by the key ${signature}, not by ${key.name}+${key.keyId}`;
    return { ...this.#unvouched(reason), verdict: "re-signed" };
  }

  /**
   * In the first segment only once the first key has sealed entry 0: else whoever writes another
   * entry 0 could say at once that the key was lost, and go on in its name.
   */
  get #provenRecoveryKey(): VerifierKey | undefined {
    return this.header.first > 0 || this.#hasOwnSeal ? this.#recoveryKey : undefined;
  }

  /** The first signature when it is the key's, or the id of the key that it says it is of. */
  #signature(note: string, key: VerifierKey): Uint8Array | string | undefined {
    try {
      const parsed = parseNote(utf8(note));
      const [first] = parsed.signatures;
      if (first?.name !== key.name || first.keyId !== key.keyId) return first?.keyId;
      verifyNote(this.#primitives, parsed, key);
      return first.signature;
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
      hasOwnSeal: this.#hasOwnSeal,
      nextKey: this.#change?.next,
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
