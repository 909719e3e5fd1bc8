import { isUtf8 } from "node:buffer";
import { matchesAscii, matchesSecret, utf8 } from "@stele/core/bytes";
import { SteleError } from "@stele/core/error";
import { checkJsonObject } from "@stele/core/json";
import { mapCalybris } from "./calybris-map.ts";
import { readCalybrisLine, type CalybrisLine, type Unreadable } from "./calybris-line.ts";
import type { CheckContext, Format, OriginEntry, Scan } from "./format.ts";
import { KeyedHash } from "./keyed-hash.ts";
import { LineSplitter, type LineSink } from "./line-splitter.ts";
import { Findings, clip, type Place, type Report } from "./report.ts";
import { isSurelyUnambiguous } from "./unambiguous.ts";

/** What the first entry names as the hash before it. */
export const GENESIS = "genesis";
const HASH_LENGTH = 64;
const BEFORE_SEQUENCE = '{"sequence":';
const BEFORE_PREVIOUS = ',"previous_hash":"';
const BEFORE_HASH = '","entry_hash":"';
const BEFORE_DATA = '","data":';
/** So many lines without one entry are of another format. */
const HOPELESS_LINES = 100;

const UNPROTECTED = [
  "the end: entries cut off at the end leave no trace",
  "sequence: no hash covers it; a change shows only because it counts up from 1",
  "members besides sequence, previous_hash, entry_hash and data: no hash covers them",
  "time: the format records none, and nothing outside the file says when it was written",
];
const UNKEYED = "everything: without a key whoever can write the file can compute all hashes anew";
const KEYED = "against whoever checks: the key that checks can also forge";

/** The hash-chained write-ahead log of calybris-core 0.3: JSON Lines. */
export const calybris: Format = {
  name: "calybris",
  recognise(untrusted) {
    const text = Buffer.from(untrusted.subarray(0, 4096)).toString("latin1");
    const has = /"(?:sequence|previous_hash|entry_hash)"\s*:/.exec(text) !== null;
    const line = /^(?:\u00ef\u00bb\u00bf)?\s*\{[^\n]*"previous_hash"\s*:[^\n]*"entry_hash"\s*:/;
    if (!has || !line.test(text)) return undefined;
    return "its lines have sequence, previous_hash and entry_hash";
  },
  scan: (context) => new CalybrisScan(context),
  map: mapCalybris,
};

class CalybrisScan implements Scan, LineSink {
  readonly #context: CheckContext;
  readonly #keyed: KeyedHash | undefined;
  readonly #lines = new LineSplitter(this);
  readonly #findings = new Findings();
  #kept: OriginEntry[] = [];
  #scratch = new Uint8Array(4096);
  #entries = 0;
  #unreadable = 0;
  /** Of the entry before; undefined behind a line that cannot be read. */
  #previous: string | undefined = GENESIS;
  #head: string | null = null;
  #sequence = 1n;

  constructor(context: CheckContext) {
    this.#context = context;
    const { key, primitives } = context;
    this.#keyed = key && new KeyedHash(primitives, key);
  }

  write(chunk: Uint8Array): void {
    this.#lines.write(chunk);
  }

  take(): readonly OriginEntry[] {
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }

  end(): Report {
    this.#lines.end();
    const { first } = this.#findings;
    if (this.#entries === 0 && this.#unreadable > 0 && first?.code !== "torn") this.#refuse();
    if (this.#lines.sizeBytes === 0) this.#findings.note("the file is empty: a log not begun yet");
    const keyed = this.#context.key !== undefined;
    return {
      format: "calybris",
      entries: this.#entries,
      headHash: this.#head,
      keyed,
      sizeBytes: this.#lines.sizeBytes,
      stated: {},
      ...this.#findings.summary(),
      unprotected: [...UNPROTECTED, keyed ? KEYED : UNKEYED],
    };
  }

  line(bytes: Uint8Array, from: number, to: number, isTerminated: boolean): void {
    let start = from;
    let end = to;
    if (this.#lines.line === 1 && bytes[start] === 0xef && bytes[start + 1] === 0xbb) {
      start += 3;
      const message = "the file begins with a byte order mark, which its writer does not write";
      this.#findings.add("byte-order-mark", this.#place(), message);
    }
    if (end > start && bytes[end - 1] === 0x0d) {
      this.#findings.note("lines end in CRLF, as the original accepts");
      end--;
    }
    if (isBlank(bytes, start, end)) this.#findings.note("there are blank lines, which are skipped");
    else if (!this.#fast(bytes, start, end)) this.#slow(bytes, start, end, isTerminated);
  }

  /** The line as its writer lays it out, and right in every respect: no allocation but the hash. */
  #fast(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#previous === undefined || !matchesAscii(bytes, start, BEFORE_SEQUENCE)) return false;
    let at = start + BEFORE_SEQUENCE.length;
    const digits = String(this.#sequence);
    if (!matchesAscii(bytes, at, digits)) return false;
    at += digits.length;
    if (!matchesAscii(bytes, at, BEFORE_PREVIOUS)) return false;
    at += BEFORE_PREVIOUS.length;
    if (!matchesAscii(bytes, at, this.#previous)) return false;
    at += this.#previous.length;
    if (!matchesAscii(bytes, at, BEFORE_HASH)) return false;
    const hashAt = at + BEFORE_HASH.length;
    at = hashAt + HASH_LENGTH;
    if (!matchesAscii(bytes, at, BEFORE_DATA)) return false;
    at += BEFORE_DATA.length;
    if (bytes[end - 1] !== 0x7d || checkJsonObject(bytes, at, end - 1) !== -1) return false;
    if (!isSurelyUnambiguous(bytes, at, end - 1)) return false;
    const data = bytes.subarray(at, end - 1);
    const hash = this.#hash(this.#previous, data);
    if (!matchesSecret(bytes, hashAt, hash) || !isUtf8(data)) return false;
    this.#accept(hash, this.#context.keepEntries ? bytes.slice(start, end) : undefined, null);
    return true;
  }

  /** Any other line, and whatever is wrong with it. */
  #slow(bytes: Uint8Array, start: number, end: number, isTerminated: boolean): void {
    const raw = bytes.subarray(start, end);
    const line = readCalybrisLine(raw);
    if ("problem" in line) {
      const isTorn = !isTerminated && !line.isWhole && (this.#entries > 0 || canBegin(raw));
      return this.#unread(line, isTorn);
    }
    if (!isTerminated) this.#findings.note("the last line has no newline, but is whole");
    const before = this.#findings.count;
    this.#judge(line);
    const problem = this.#findings.count > before ? "see the report" : null;
    this.#sequence = line.sequence;
    this.#accept(line.entryHash, this.#context.keepEntries ? raw.slice() : undefined, problem);
  }

  #judge(line: CalybrisLine): void {
    const place = this.#place();
    this.#judgeSequence(line.sequence, place);
    const { previousHash, entryHash } = line;
    if (this.#previous !== undefined && previousHash !== this.#previous) {
      const message = "previous_hash is not the hash of the entry before";
      const differ = { expected: clip(this.#previous), found: clip(previousHash) };
      this.#findings.add("chain-broken", place, message, differ);
    }
    const expected = this.#hash(previousHash, line.data);
    const isRight = entryHash.length === HASH_LENGTH && matchesSecret(utf8(entryHash), 0, expected);
    if (isRight) return;
    // With a key, what is expected is what a forger would need.
    const shown = this.#context.key ? {} : { expected };
    const differ = { ...shown, found: clip(entryHash) };
    this.#findings.add("hash-mismatch", place, this.#mismatch(), differ);
  }

  #judgeSequence(found: bigint, place: Place): void {
    if (found === this.#sequence) return;
    const differ = { expected: String(this.#sequence), found: String(found) };
    if (found > this.#sequence) {
      const last = found - 1n;
      const which = last === this.#sequence ? `entry ${last}` : `${this.#sequence} to ${last}`;
      this.#findings.add("entries-missing", place, `${which} missing before this one`, differ);
    } else {
      const message = "this sequence was there already: repeated, or out of order";
      this.#findings.add("entry-repeated", place, message, differ);
    }
  }

  #mismatch(): string {
    const what = "entry_hash is not that of previous_hash and data";
    if (this.#entries > 0) return `${what}: one of them was changed`;
    const key = this.#context.key
      ? "the key is another one, or the log has none"
      : "the log has a key, which was not given";
    return `${what}: changed, or ${key}`;
  }

  #unread({ problem, code }: Unreadable, isTorn: boolean): void {
    const place = this.#place();
    this.#unreadable++;
    if (isTorn) this.#findings.add("torn", place, `the last line is incomplete: ${problem}`);
    else this.#findings.add(code, place, problem);
    this.#previous = undefined;
    this.#sequence++;
    if (this.#entries === 0 && this.#unreadable >= HOPELESS_LINES) this.#refuse();
  }

  #refuse(): never {
    const { first } = this.#findings;
    const message = `no line is a calybris entry; line ${first?.line}: ${first?.message}`;
    throw new SteleError("IMPORT_WRONG_FORMAT", message, { offset: first?.offsetBytes ?? 0 });
  }

  #accept(hash: string, copy: Uint8Array | undefined, problem: string | null): void {
    if (copy) {
      const { offsetBytes } = this.#lines;
      this.#kept.push({ index: this.#entries, offsetBytes, bytes: copy, hash, problem });
    }
    this.#entries++;
    this.#sequence++;
    this.#previous = hash;
    this.#head = hash;
  }

  #hash(previous: string, data: Uint8Array): string {
    const sizeBytes = 3 * previous.length + data.length;
    if (sizeBytes > this.#scratch.length) this.#scratch = new Uint8Array(2 * sizeBytes);
    const { written } = encoder.encodeInto(previous, this.#scratch);
    this.#scratch.set(data, written);
    const message = this.#scratch.subarray(0, written + data.length);
    return this.#keyed ? this.#keyed.of(message) : this.#context.primitives.sha256(message);
  }

  #place(): Place {
    const { line, offsetBytes } = this.#lines;
    return { line, offsetBytes, index: this.#entries + this.#unreadable };
  }
}

/** Whether a torn first line may have been an entry's. */
function canBegin(bytes: Uint8Array): boolean {
  return matchesAscii(bytes, 0, BEFORE_SEQUENCE.slice(0, bytes.length));
}

const encoder = new TextEncoder();

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0x20 && bytes[at] !== 0x09) return false;
  }
  return true;
}
